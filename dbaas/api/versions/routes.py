"""GET /: the API versions, for discovery; no token needed."""

from typing import Any

import flask
from flask.views import MethodView

from dbaas.api.guards import public
from dbaas.api.negotiation import VERSION
from dbaas.api.parsing import Blueprint
from dbaas.api.versions import schemas

blp = Blueprint('versions', __name__, description='API versions')


@blp.route('/')
class Versions(MethodView):
    @public
    @blp.doc(security=[])
    @blp.response(200, schemas.ApiVersions)
    def get(self) -> dict[str, Any]:
        """List API versions"""
        href = f'{flask.request.root_url}{VERSION}/'
        return {
            'versions': [
                {
                    'id': VERSION,
                    'status': 'CURRENT',
                    'updated': '2012-08-01T00:00:00Z',
                    'links': [{'rel': 'self', 'href': href}],
                }
            ]
        }
