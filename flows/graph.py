"""The shape of a flow: its steps in reading order, who comes before whom, and what that says about undo."""

import dataclasses
from typing import Any

import networkx
from taskflow import states
from taskflow.engines.action_engine import compiler

from flows.base import Step


@dataclasses.dataclass(frozen=True)
class Place:
    """Where a step stands: depth 0 is the flow itself; group is the name of its innermost block."""

    step: Step
    depth: int
    group: str
    after: tuple[str, ...]  # direct predecessors


class Graph:
    """Names, steps and ancestors of a flow, read-only; by_name below is {step: atom detail} as saved.

    flow: the pattern; compilation: what TaskFlow makes of it.
    """

    def __init__(self, flow: Any):
        self.flow, self.compilation = flow, compiler.PatternCompiler(flow).compile()
        graph = self.compilation.execution_graph
        atoms = {node for node, data in graph.nodes(data=True) if data['kind'] in compiler.ATOMS}
        self.steps: dict[str, Step] = {}
        self.places: dict[str, Place] = {}
        self.before = {a.name: {b.name for b in networkx.ancestors(graph, a) if b in atoms} for a in atoms}
        self._walk(flow, 0)

    def _walk(self, block: Any, depth: int) -> None:
        for item in block:
            if isinstance(item, Step):
                self.steps[item.name] = item
                self.places[item.name] = Place(item, depth, block.name, self._direct(item.name))
            else:
                self._walk(item, depth + 1)

    def _direct(self, name: str) -> tuple[str, ...]:
        before = self.before[name]
        implied = {far for near in before for far in self.before[near]}
        return tuple(sorted(before - implied))

    def last(self) -> set[str]:
        """Steps that no other comes after."""
        return set(self.steps).difference(*self.before.values())

    # -- what undo needs -------------------------------------------------------------------------------------------
    def ready(self, by_name: dict[str, Any]) -> set[str]:
        """PENDING with everything before it done."""
        return {
            name
            for name, atom in by_name.items()
            if atom.state in (states.PENDING, None)
            and all(by_name[b].state == states.SUCCESS for b in self.before[name])
        }

    def maybe_started(self, by_name: dict[str, Any]) -> set[str]:
        """Every step that may have had an effect and is not undone.

        A reversible start is not recorded, and a step done anew (attempt > 1) was started before; the start of an
        irreversible one is recorded before it runs, so a PENDING one was never started.
        """
        found = {name for name in self.ready(by_name) if not self.steps[name].irreversible}
        for name, atom in by_name.items():
            if atom.state in (states.PENDING, None):
                if (atom.meta or {}).get('attempt', 1) > 1:
                    found.add(name)
            elif atom.state not in (states.REVERTED, states.IGNORE):
                found.add(name)
        return found

    def past_return(self, by_name: dict[str, Any]) -> bool:
        """Whether an irreversible step may have been started: abort is refused from here on."""
        return any(self.steps[name].irreversible for name in self.maybe_started(by_name))

    def disrupted(self, by_name: dict[str, Any]) -> bool:
        """Whether the service may be away: between a step that takes it away and the one that restores it."""
        away = any(self.steps[name].disrupts for name in self.maybe_started(by_name))
        back = [name for name, step in self.steps.items() if step.restores]
        return away and any(by_name[name].state != states.SUCCESS for name in back)
