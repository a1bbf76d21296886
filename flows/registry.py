"""Every operation, by name and version: its factory, how it locks, and what a failed step does."""

import functools
import inspect
import json
from collections.abc import Callable, Mapping
from typing import Any

from oslo_config import cfg
from taskflow.patterns import unordered_flow

from dbaas.db.words import DELETE as DELETE_LOCK
from dbaas.db.words import EXCLUSIVE, NONE
from dbaas.exceptions import Conflict
from dbaas.services.operations import OperationType
from flows.base import Step, Wait
from flows.cloud import sweep
from flows.demo import wait
from flows.graph import Graph
from flows.instance import create, delete, repair

# (name, version) -> factory; pure, and given only those of the operation's inputs that it names as parameters:
# they shape the flow. Flows of one shape are one object, shared by all runs: steps keep nothing on themselves
OPERATIONS: dict[tuple[str, int], Callable[..., Any]] = {
    ('instance.create', 1): create.build,
    ('instance.delete', 1): delete.build,
    ('instance.repair', 1): repair.build,
    ('cloud.sweep', 1): sweep.build,
    ('demo.wait', 1): wait.build,
}

# name -> lock mode, failure policy, priority on the board (lower first)
_TYPES: dict[str, tuple[str, str, int]] = {
    'instance.create': (EXCLUSIVE, 'hold', 5),
    'instance.delete': (DELETE_LOCK, 'hold', 4),
    'instance.repair': (EXCLUSIVE, 'hold', 4),
    'cloud.sweep': (NONE, 'hold', 8),
    'demo.wait': (NONE, 'hold', 7),
}


def types(conf: cfg.ConfigOpts) -> dict[str, OperationType]:
    """The newest version of each operation, with the deployment's failure policy."""
    newest = dict(sorted(OPERATIONS))
    found = {}
    for name, (mode, policy, priority) in _TYPES.items():
        policy = conf.flows.failure_policy.get(name, policy)
        if policy not in ('hold', 'abort'):
            raise cfg.ConfigFileValueError(f"[flows] failure_policy: {name} must be 'hold' or 'abort', not {policy!r}")
        found[name] = OperationType(name, newest[name], mode, policy, priority)
    return found


def known(operations: Mapping[tuple[str, int], Any] = OPERATIONS) -> frozenset[tuple[str, int]]:
    """The pairs that this program can run: no other job is claimed."""
    return frozenset(operations)


class UnknownFlow(Conflict, LookupError):
    """This program does not know the flow; one of another version does."""


def build(name: str, version: int, /, **inputs: Any) -> Any:
    """The flow of an operation, a TaskFlow pattern. Raises UnknownFlow for a pair this program does not know."""
    factory = _factory(name, version)
    return factory(**_shaping(factory, inputs))


def graph(op: Any) -> Graph:
    """The graph of an operation's row; the same object for all operations of the same shape."""
    factory = _factory(op.type, op.version)
    return _graph(factory, json.dumps(_shaping(factory, op.inputs), sort_keys=True))


def _factory(name: str, version: int) -> Callable[..., Any]:
    try:
        return OPERATIONS[name, version]
    except KeyError:
        raise UnknownFlow(
            f'Flow {name} version {version} is not known to this program; a program of another version runs it.'
        ) from None


def _shaping(factory: Callable[..., Any], inputs: Mapping[str, Any]) -> dict[str, Any]:
    return {name: inputs[name] for name in _named(factory) if name in inputs}


@functools.lru_cache(maxsize=256)
def _named(factory: Callable[..., Any]) -> tuple[str, ...]:
    found = inspect.signature(factory).parameters.values()
    return tuple(p.name for p in found if p.kind not in (p.VAR_KEYWORD, p.VAR_POSITIONAL))


@functools.lru_cache(maxsize=256)
def _graph(factory: Callable[..., Any], shape: str) -> Graph:
    return Graph(factory(**json.loads(shape)))


def problems(flow: Any) -> list[str]:
    """What makes a flow unfit to be registered: rules that hold for every flow, checked by the tests."""
    found, shape = _waits_beside_others(flow), Graph(flow)
    for name, step in shape.steps.items():
        if not step.effect:
            found.append(f'{name} has no effect line')
    restores = [name for name, step in shape.steps.items() if step.restores]
    for name, step in shape.steps.items():
        if step.irreversible and any(name not in shape.before[r] and r not in shape.before[name] for r in restores):
            found.append(f'{name} is irreversible beside a step that restores service')
        if step.irreversible and any(name in shape.before[r] for r in restores):
            found.append(f'{name} is irreversible before a step that restores service')
    return found


def _waits_beside_others(block: Any, beside: bool = False) -> list[str]:
    """A wait step that parks stops its siblings, so none stands inside an unordered block."""
    beside, found = beside or isinstance(block, unordered_flow.Flow), []
    for item in block:
        if not isinstance(item, Step):
            found += _waits_beside_others(item, beside)
        elif beside and isinstance(item, Wait):
            found.append(f'{item.name} waits inside an unordered block')
    return found
