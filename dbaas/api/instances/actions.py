"""POST .../action: one view, and a literal table from the body's key to what it means."""

import dataclasses
from collections.abc import Callable
from typing import Any

import flask
import marshmallow as ma
from flask.views import MethodView

from dbaas import exceptions
from dbaas.api import parsing, work
from dbaas.api.guards import allow, authorize_by_key, context
from dbaas.api.instances import schemas
from dbaas.api.parts import parts
from flows import verbs

blp = parsing.Blueprint(
    'instance-actions', __name__, url_prefix='/v1.0/<project_id>', description='Acting on instances'
)


@dataclasses.dataclass(frozen=True)
class Action:
    """rule: from the value of the key to the policy; run: does it, given the instance's id and the loaded value."""

    schema: type[ma.Schema]
    rule: Callable[[Any], str]
    run: Callable[[str, Any], None]


def _reset_rule(value: Any) -> str:
    forced = isinstance(value, dict) and 'force_delete' in value
    return 'instance:force_delete' if forced else 'instance:reset_status'


def _reset_status(instance_id: str, _value: Any) -> None:
    ctx = context()

    def hold(c: Any) -> Any:
        parts().instances.lock(c, ctx, instance_id)
        return verbs.reset_status(c, instance_id, ctx.user_name, parts().db.clock()), None

    work.order(hold)


ACTIONS = {
    'reset_status': Action(schemas.ResetStatusAction, _reset_rule, _reset_status),
}
# Trove's, not built yet
LATER = ('restart', 'resize', 'promote_to_replica_source', 'eject_replica_source')
RULES = ('instance:reset_status', 'instance:force_delete')
DOC = {
    'requestBody': {
        'required': True,
        'content': {'application/json': {'schema': {'oneOf': [action.schema for action in ACTIONS.values()]}}},
    }
}


@blp.route('/instances/<instance_id>/action')
class InstanceAction(MethodView):
    @authorize_by_key(ACTIONS, RULES)
    @blp.doc(**DOC)
    @blp.response(202)
    def post(self, instance_id: str) -> Any:
        """Act on an instance: the body's one key says how"""
        body = parsing.json_body(flask.request)
        key = _only_key(body)
        action = ACTIONS[key]
        allow(action.rule(body[key]))
        try:
            value = action.schema().load(body)[key]
        except ma.ValidationError as error:
            raise exceptions.BadRequest(parsing.explain(error.messages)) from None
        action.run(instance_id, value)
        return work.accepted()


def _only_key(body: Any) -> str:
    if not isinstance(body, dict) or len(body) != 1:
        raise exceptions.BadRequest(f'Validation error: exactly one action is needed, of {", ".join(ACTIONS)}.')
    key = next(iter(body))
    if key in LATER:
        raise exceptions.NotImplementedHere(f'{key} is not available yet.')
    if key not in ACTIONS:
        raise exceptions.BadRequest(f'Validation error: {key[:80]} is no action on an instance.')
    return key
