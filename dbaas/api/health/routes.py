"""GET /healthcheck: 200 only when ready to serve."""

import flask
from flask.views import MethodView

from dbaas import exceptions
from dbaas.api.guards import public
from dbaas.api.parsing import Blueprint
from dbaas.api.parts import parts

blp = Blueprint('health', __name__, description='Readiness')


@blp.route('/healthcheck')
class Health(MethodView):
    @public
    @blp.doc(security=[])
    @blp.response(200, content_type='text/plain', description='OK')
    def get(self) -> flask.Response:
        """Whether the service is ready to serve"""
        if not parts().ready():
            raise exceptions.Unavailable('Not ready.')
        return flask.Response('OK', mimetype='text/plain')
