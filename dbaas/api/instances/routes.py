"""Instances: create, list, show, rename, delete."""

from collections.abc import Callable
from typing import Any

from flask.views import MethodView

from dbaas import exceptions
from dbaas.api import paging, work
from dbaas.api.guards import authorize, context
from dbaas.api.instances import schemas, views
from dbaas.api.parsing import Blueprint
from dbaas.api.parts import parts
from dbaas.services.instances import Found

blp = Blueprint('instances', __name__, url_prefix='/v1.0/<project_id>', description='Database instances')


@blp.route('/instances')
class Instances(MethodView):
    @authorize('instance:index')
    @blp.arguments(paging.Page, location='query')
    @blp.response(200, views.BriefList)
    def get(self, page: dict[str, Any]) -> dict[str, Any]:
        """List the project's instances"""
        return _listing(page, views.brief)

    @authorize('instance:create')
    @blp.arguments(schemas.Create)
    @blp.response(200, views.OneInstance)
    def post(self, body: dict[str, Any]) -> dict[str, Any]:
        """Create an instance"""
        wish, instances = body['instance'], parts().instances
        flavor = instances.flavor_for(context(), wish)

        def create(c: Any) -> tuple[str, Found]:
            operation_id, instance_id = instances.create(c, context(), wish, flavor)
            return operation_id, instances.show(c, context(), instance_id)

        return {'instance': views.detail(work.start(create))}


@blp.route('/instances/detail')
class DetailedInstances(MethodView):
    @authorize('instance:detail')
    @blp.arguments(paging.Page, location='query')
    @blp.response(200, views.DetailList)
    def get(self, page: dict[str, Any]) -> dict[str, Any]:
        """List the project's instances with details"""
        return _listing(page, views.detail)


@blp.route('/instances/<instance_id>')
class Instance(MethodView):
    @authorize('instance:show')
    @blp.response(200, views.OneInstance)
    def get(self, instance_id: str) -> dict[str, Any]:
        """Show an instance"""
        with parts().db.read() as c:
            found = parts().instances.show(c, context(), instance_id)
        return {'instance': views.full(found)}

    @authorize('instance:update')
    @blp.arguments(schemas.Put)
    @blp.response(202)
    def put(self, body: dict[str, Any], instance_id: str) -> Any:
        """Rename an instance"""
        return _update(instance_id, body['instance'])

    @authorize('instance:update')
    @blp.arguments(schemas.Patch)
    @blp.response(202)
    def patch(self, body: dict[str, Any], instance_id: str) -> Any:
        """Rename an instance: the older twin of PUT"""
        return _update(instance_id, body['instance'])

    @authorize('instance:delete')
    @blp.response(202)
    def delete(self, instance_id: str) -> Any:
        """Delete an instance, in whatever state it is"""
        work.start(lambda c: (parts().instances.delete(c, context(), instance_id), None))
        return work.accepted()


def _listing(page: dict[str, Any], view: Callable[[Found], dict[str, Any]]) -> dict[str, Any]:
    """Cut by id, shown newest first."""
    with parts().db.read() as c:
        found, more = parts().instances.page(c, context(), page['limit'], page.get('marker'))
    newest = sorted(found, key=lambda item: item[0].created, reverse=True)
    return paging.listing('instances', [view(item) for item in newest], found[-1][0].id if more else None)


def _update(instance_id: str, attributes: dict[str, Any]) -> Any:
    others = sorted(set(attributes) - {'name'})
    if len(others) > 1:
        raise exceptions.BadRequest(f'Only one of {", ".join(others)} can be changed at a time.')

    def update(c: Any) -> None:
        if others or not attributes:
            parts().instances.show(c, context(), instance_id)
            raise exceptions.NotImplementedHere(f'{(others or ["configuration"])[0]} cannot be changed yet.')
        parts().instances.rename(c, context(), instance_id, attributes['name'])

    work.change(update)
    return work.accepted()
