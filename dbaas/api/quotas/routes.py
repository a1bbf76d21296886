"""Trove's management of quotas: limits of a project and what it uses."""

from typing import Any

from flask.views import MethodView

from dbaas.api import work
from dbaas.api.guards import authorize, context
from dbaas.api.parsing import Blueprint
from dbaas.api.parts import parts
from dbaas.api.quotas import schemas

blp = Blueprint('quotas', __name__, url_prefix='/v1.0/<project_id>', description='Limits of projects')


@blp.route('/mgmt/quotas/<target_project_id>')
class Quotas(MethodView):
    @authorize('quota:show')
    @blp.response(200, schemas.Usages)
    def get(self, target_project_id: str) -> dict[str, Any]:
        """Show the limits of a project and what it uses"""
        parts().policy.check(context(), 'quota:show', target_project_id)
        with parts().db.read() as c:
            found = parts().quotas.usage(c, target_project_id)
        return {
            'quotas': [
                {'resource': name, 'in_use': row.used, 'reserved': 0, 'limit': max(row.limit, -1)}
                for name, row in found.items()
            ]
        }

    @authorize('quota:update')
    @blp.arguments(schemas.QuotaLimits)
    @blp.response(200, schemas.QuotaLimits)
    def put(self, body: dict[str, Any], target_project_id: str) -> dict[str, Any]:
        """Change limits of a project; what it uses already stays, also above them"""
        work.change(lambda c: parts().quotas.change(c, target_project_id, body['quotas']))
        return body
