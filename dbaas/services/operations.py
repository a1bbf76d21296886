"""Accepting operations: the row, its lock and its quota, in the request's transaction. Never commits, never posts."""

import dataclasses
import uuid
from collections.abc import Callable, Mapping
from typing import Any

import sqlalchemy as sa

from dbaas.context import RequestContext
from dbaas.db import locks, operations, quotas
from dbaas.db.words import AT_REST, DELETE, NONE


@dataclasses.dataclass(frozen=True)
class OperationType:
    """What services need to know of an operation, named by string. mode: dbaas.db.words; policy: hold or abort."""

    name: str
    version: int
    mode: str
    policy: str
    priority: int


class Operations:
    """types: {name: OperationType}; clock: seconds since the epoch."""

    def __init__(self, types: Mapping[str, OperationType], clock: Callable[[], float]):
        self._types = types
        self._clock = clock

    def accept(
        self,
        c: sa.Connection,
        ctx: RequestContext,
        type: str,
        *,
        inputs: dict[str, Any],
        resource_id: str | None = None,
        project_id: str | None = None,
        quota: Mapping[str, int] | None = None,
        operation_id: str | None = None,
    ) -> str:
        """-> the operation's id; it is QUEUED, or ACCEPTED behind another one.

        inputs: small JSON without secrets. quota: {resource: amount}, held by the resource.
        operation_id: for a caller that has sealed secrets with the operation as their owner.
        Raises Unprocessable naming the holder of the lock, OverLimit naming the quota.
        """
        what = self._types[type]
        operation_id = operation_id or str(uuid.uuid4())
        project = project_id or ctx.project_id
        if quota:
            quotas.take(c, project, resource_id or operation_id, quota)
        self._insert(c, ctx, what, operation_id, inputs, resource_id, project)
        if what.mode != NONE and resource_id is not None:
            turn = locks.acquire(c, resource_id, operation_id, what.mode)
            if not turn:
                operations.stand_in_line(c, operation_id)
        return operation_id

    def delete(
        self,
        c: sa.Connection,
        ctx: RequestContext,
        *,
        resource_id: str,
        project_id: str,
        inputs: dict[str, Any],
    ) -> tuple[str, bool]:
        """Accepted in every state. -> (id of the delete, whether this call started it).

        Active operations that do not run end here, SUPERSEDED; a running one at its next step boundary.
        """
        locks.enter(c, resource_id)
        others = operations.active(c, resource_id)
        for op in others:
            if op.mode == DELETE:
                return op.id, False
        operation_id = self.accept(
            c, ctx, 'instance.delete', inputs=inputs, resource_id=resource_id, project_id=project_id
        )
        now, why = self._clock(), f'superseded by delete {operation_id}'
        for op in others:
            if op.state in AT_REST:
                operations.supersede(c, op, ctx.user_name, now, why)
            else:
                operations.request(c, op, 'supersede', ctx.user_name, now, why)
        return operation_id, True

    def _insert(
        self,
        c: sa.Connection,
        ctx: RequestContext,
        what: OperationType,
        operation_id: str,
        inputs: dict[str, Any],
        resource_id: str | None,
        project_id: str,
    ) -> None:
        factory = {'name': 'flows.registry.build', 'args': [what.name, what.version], 'kwargs': inputs}
        operations.insert(
            c,
            self._clock(),
            factory,
            ctx.user_name,
            id=operation_id,
            type=what.name,
            version=what.version,
            state='QUEUED',
            project_id=project_id,
            user_id=ctx.user_id,
            request_id=ctx.request_id,
            resource_id=resource_id,
            mode=what.mode,
            policy=what.policy,
            priority=what.priority,
            inputs=inputs,
        )
