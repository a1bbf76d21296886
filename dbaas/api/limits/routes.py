"""Limits of the caller's project."""

from typing import Any

from flask.views import MethodView

from dbaas.api.guards import authorize, context
from dbaas.api.limits import schemas
from dbaas.api.parsing import Blueprint
from dbaas.api.parts import parts

blp = Blueprint('limits', __name__, url_prefix='/v1.0/<project_id>', description='Absolute and rate limits')


@blp.route('/limits')
class Limits(MethodView):
    @authorize('limits:index')
    @blp.response(200, schemas.Limits)
    def get(self) -> dict[str, Any]:
        """List limits: the absolute ones; there are no rate limits"""
        with parts().db.read() as c:
            limits = parts().quotas.limits(c, context().project_id)
        return {'limits': [{'verb': 'ABSOLUTE', **{f'max_{name}': limit for name, limit in limits.items()}}]}
