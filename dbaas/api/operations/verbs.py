"""The operators' verbs: 202 and the operation; what does not fit its state is 409 and says so."""

from typing import Any

from flask.views import MethodView

from dbaas.api import work
from dbaas.api.guards import authorize, context
from dbaas.api.operations import schemas
from dbaas.api.operations.routes import linked, visible
from dbaas.api.parsing import Blueprint
from dbaas.api.parts import parts
from flows import progress, verbs

blp = Blueprint('operation-verbs', __name__, url_prefix='/v1.0/<project_id>', description='Steering operations')


def _order(verb: str, operation_id: str, body: dict[str, Any]) -> dict[str, Any]:
    """body: {reason, step?, output?}."""

    def order(c: Any) -> tuple[Any, dict[str, Any]]:
        visible(c, operation_id)
        jobs = verbs.order(c, operation_id, verb, parts().db.clock(), actor=context().user_name, **body)
        return jobs, progress.show(c, operation_id)

    return {'operation': linked(work.order(order))}


@blp.route('/operations/<operation_id>/pause')
class Pause(MethodView):
    @authorize('operation:pause')
    @blp.arguments(schemas.Order)
    @blp.response(202, schemas.OneOperation)
    def post(self, body: dict[str, Any], operation_id: str) -> dict[str, Any]:
        """Stop after the step that runs now"""
        return _order('pause', operation_id, body)


@blp.route('/operations/<operation_id>/resume')
class Resume(MethodView):
    @authorize('operation:resume')
    @blp.arguments(schemas.Order)
    @blp.response(202, schemas.OneOperation)
    def post(self, body: dict[str, Any], operation_id: str) -> dict[str, Any]:
        """Continue a held or paused operation at the step where it stopped"""
        return _order('resume', operation_id, body)


@blp.route('/operations/<operation_id>/retry-now')
class RetryNow(MethodView):
    @authorize('operation:retry-now')
    @blp.arguments(schemas.Order)
    @blp.response(202, schemas.OneOperation)
    def post(self, body: dict[str, Any], operation_id: str) -> dict[str, Any]:
        """Let a waiting operation look again at once"""
        return _order('retry-now', operation_id, body)


@blp.route('/operations/<operation_id>/skip')
class Skip(MethodView):
    @authorize('operation:skip')
    @blp.arguments(schemas.SkipOrder)
    @blp.response(202, schemas.OneOperation)
    def post(self, body: dict[str, Any], operation_id: str) -> dict[str, Any]:
        """Attest that the step is done, with its result, and go on after it"""
        return _order('skip', operation_id, body)


@blp.route('/operations/<operation_id>/abort')
class Abort(MethodView):
    @authorize('operation:abort')
    @blp.arguments(schemas.Order)
    @blp.response(202, schemas.OneOperation)
    def post(self, body: dict[str, Any], operation_id: str) -> dict[str, Any]:
        """Undo what was done"""
        return _order('abort', operation_id, body)
