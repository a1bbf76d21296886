"""Operations: list, show, events, why, and the one that can be started by hand."""

from typing import Any

from flask.views import MethodView

from dbaas import exceptions
from dbaas.api import paging, work
from dbaas.api.guards import allow, authorize, context
from dbaas.api.operations import schemas
from dbaas.api.parsing import Blueprint
from dbaas.api.parts import parts
from dbaas.db import operations
from flows import progress, why

blp = Blueprint('operations', __name__, url_prefix='/v1.0/<project_id>', description='What runs, ran or is held')


@blp.route('/operations')
class Operations(MethodView):
    @authorize('operation:index', 'operation:index:all_projects')
    @blp.arguments(schemas.Filters, location='query')
    @blp.response(200, schemas.Operations)
    def get(self, filters: dict[str, Any]) -> dict[str, Any]:
        """List operations, newest first: the project's, or an administrator's choice"""
        filters = {**filters, 'project_id': _project(filters.get('project_id'))}
        limit, instance_id = filters.pop('limit'), filters.pop('instance', None)
        with parts().db.read() as c:
            rows = operations.page(c, limit=limit, instance_id=instance_id, **filters)
        items = [linked(progress.summary(row, row.pausing)) for row in rows[:limit]]
        return paging.listing('operations', items, items[-1]['id'] if len(rows) > limit else None)

    @authorize('operation:create')
    @blp.arguments(schemas.Start)
    @blp.response(202, schemas.OneOperation)
    def post(self, body: dict[str, Any]) -> dict[str, Any]:
        """Start demo.wait, to try recovery by hand"""

        def accept(c: Any) -> tuple[str, dict[str, Any]]:
            operation_id = parts().operations.accept(c, context(), body['type'], inputs=body['inputs'])
            return operation_id, progress.show(c, operation_id)

        return {'operation': linked(work.start(accept))}


@blp.route('/operations/<operation_id>')
class Operation(MethodView):
    @authorize('operation:show')
    @blp.response(200, schemas.OneOperation)
    def get(self, operation_id: str) -> dict[str, Any]:
        """Show an operation with its steps"""
        with parts().db.read() as c:
            visible(c, operation_id)
            return {'operation': linked(progress.show(c, operation_id))}


@blp.route('/operations/<operation_id>/events')
class Events(MethodView):
    @authorize('operation:events')
    @blp.response(200, schemas.Events)
    def get(self, operation_id: str) -> dict[str, Any]:
        """List everything that happened to an operation, oldest first"""
        with parts().db.read() as c:
            visible(c, operation_id)
            return {'events': progress.history(c, operation_id)}


@blp.route('/operations/<operation_id>/why')
class Why(MethodView):
    @authorize('operation:why')
    @blp.response(200, schemas.OneWhy)
    def get(self, operation_id: str) -> dict[str, Any]:
        """Say what an operation waits for and what can be done"""
        with parts().db.read() as c:
            visible(c, operation_id)
            return {'why': why.why(c, operation_id, parts().conf, parts().db.clock())}


def _project(wanted: str | None) -> str | None:
    """Whose operations are listed; None: everybody's. Raises Forbidden."""
    own, rule = context().project_id, 'operation:index:all_projects'
    if wanted is None:
        return None if parts().policy.allows(context(), rule) else own
    if wanted != own:
        allow(rule)
    return wanted


def visible(c: Any, operation_id: str) -> None:
    """Raises NotFound, also for another project's."""
    row = operations.get(c, operation_id)
    if row is None or (row.project_id != context().project_id and not context().is_admin):
        raise exceptions.NotFound(f'Operation {operation_id[:64]} cannot be found.')


def linked(view: dict[str, Any]) -> dict[str, Any]:
    return {**view, 'links': paging.resource_links(f'/operations/{view["id"]}')}
