"""TaskFlow's engine for one thread and one fenced session; every private name of its engine that we touch is here.

Subclasses only, nothing is patched, and what they write an unmodified TaskFlow reads; docs/adr/0017 says what each
saves. tests/flows/test_seams.py compares them with the stock engine and fails when TaskFlow changes below them.
"""

import functools
import weakref
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any

from taskflow import states
from taskflow import storage as stock_storage
from taskflow.engines.action_engine import builder, compiler, deciders, executor, runtime, scopes, selector, traversal
from taskflow.engines.action_engine import engine as stock_engine
from taskflow.engines.action_engine.actions import task as task_action
from taskflow.flow import LINK_DECIDER

from flows.graph import Graph

_FORWARD, _BACKWARD = traversal.Direction.FORWARD, traversal.Direction.BACKWARD
_DONE, _UNDONE = (states.SUCCESS, states.IGNORE), (states.PENDING, states.REVERTED, states.IGNORE)


class Shape:
    """What the engine needs of a graph and does not change from run to run.

    after, before: direct neighbours of each atom; scopes: name -> names of the atoms whose results it sees, per level.
    """

    def __init__(self, graph: Graph):
        self.compilation = graph.compilation
        nodes = self.compilation.execution_graph
        if any(data['kind'] == compiler.RETRY for _, data in nodes.nodes(data=True)):
            raise ValueError(f'flow {graph.flow.name} has a retry: with never_resolve it would not be asked')
        if any(LINK_DECIDER in data for _, _, data in nodes.edges(data=True)):
            raise ValueError(f'flow {graph.flow.name} has a decider: whether a step runs must not depend on a result')
        self.atoms = [node for node, data in nodes.nodes(data=True) if data['kind'] in compiler.ATOMS]
        self.after = {atom: self._neighbours(atom, _FORWARD) for atom in self.atoms}
        self.before = {atom: self._neighbours(atom, _BACKWARD) for atom in self.atoms}
        self.scopes = {a.name: [*scopes.ScopeWalker(self.compilation, a, names_only=True)] for a in self.atoms}
        self.validated: set[frozenset[str]] = set()  # sets of injected names that were found to suffice

    def _neighbours(self, atom: Any, direction: traversal.Direction) -> list[Any]:
        graph = self.compilation.execution_graph
        return list(traversal.breadth_first_iterate(graph, atom, direction, through_tasks=False))


_shapes: weakref.WeakKeyDictionary[Graph, Shape] = weakref.WeakKeyDictionary()


def shape_of(graph: Graph) -> Shape:
    if graph not in _shapes:
        _shapes[graph] = Shape(graph)
    return _shapes[graph]


class _NoLock:
    def read_lock(self) -> '_NoLock':
        return self

    write_lock = read_lock

    def __enter__(self) -> None:
        return None

    def __exit__(self, *_: object) -> None:
        return None


class Storage(stock_storage.Storage):
    """One thread works on a run: no lock. The session reruns what may be rerun: a failed save is not repeated here."""

    def __init__(self, flow: Any, session: Any, scope_of: Callable[[str], Any]):
        super().__init__(flow, backend=session, scope_fetcher=scope_of)
        self._lock = _NoLock()

    def get_atom_state(self, atom_name: str) -> str:
        return self._atomdetail_by_name(atom_name)[0].state

    def get_atom_intention(self, atom_name: str) -> str:
        return self._atomdetail_by_name(atom_name)[0].intention

    def set_atom_state(self, atom_name: str, state: str) -> None:
        atom, _ = self._atomdetail_by_name(atom_name)
        if atom.state != state:
            atom.state = state
            self._backend.update_atom_details(atom)

    def _with_connection(self, functor: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        return functor(self._backend, *args, **kwargs)

    def _save_flow_detail(self, session: Any, original: Any, changed: Any) -> Any:
        original.update(session.update_flow_details(changed))
        return original

    def _save_atom_detail(self, session: Any, original: Any, changed: Any) -> Any:
        original.update(session.update_atom_details(changed))
        return original


class TaskAction(task_action.TaskAction):
    """Writes states and results; no progress, and nobody is notified: nobody listens."""

    def change_state(
        self, task: Any, state: str, progress: float | None = None, result: Any = task_action.TaskAction.NO_RESULT
    ) -> None:
        if state in self.SAVE_RESULT_STATES:
            self._storage.save(task.name, None if result is self.NO_RESULT else result, state)
        else:
            self._storage.set_atom_state(task.name, state)


class Selector(selector.Selector):
    """Looks at direct neighbours, and remembers whose whole past is done; TaskFlow's walks the graph for each step."""

    def __init__(self, of: Any, shape: Shape):
        super().__init__(of)
        self._shape = shape
        self._done: set[Any] = set()  # atoms that are done, as all before them
        self._undone: set[Any] = set()  # atoms that are not begun or undone, as all after them

    def _browse_atoms_for_execute(self, atom: Any = None) -> Iterator[tuple[Any, Any]]:
        for found in self._from(atom, self._shape.after, _DONE):
            if self._may(found, states.RUNNING, (states.EXECUTE,)) and self._all_done(found):
                yield found, deciders.NoOpDecider()

    def _browse_atoms_for_revert(self, atom: Any = None) -> Iterator[tuple[Any, Any]]:
        for found in self._from(atom, self._shape.before, _UNDONE):
            if self._may(found, states.REVERTING, (states.REVERT, states.RETRY)) and self._all_undone(found):
                yield found, deciders.NoOpDecider()

    def _from(self, atom: Any, neighbours: Mapping[Any, list[Any]], through: Collection[str]) -> Iterator[Any]:
        """Breadth first, beyond those only that are done: what comes after an unfinished one is not ready."""
        if atom is None:
            yield from self._shape.atoms
            return
        queue, seen = list(neighbours[atom]), set()
        for found in queue:
            if found not in seen:
                seen.add(found)
                passable = self._storage.get_atom_state(found.name) in through
                yield found
                if passable:
                    queue += neighbours[found]

    def _may(self, atom: Any, state: str, intentions: tuple[str, ...]) -> bool:
        if not states.check_task_transition(self._storage.get_atom_state(atom.name), state):
            return False
        return self._storage.get_atom_intention(atom.name) in intentions

    def _all_done(self, atom: Any) -> bool:
        def is_done(before: Any) -> bool:
            if self._storage.get_atom_state(before.name) not in _DONE:
                return False
            return self._storage.get_atom_intention(before.name) in (states.EXECUTE, states.IGNORE)

        return _all(self._shape.before, atom, is_done, self._done)

    def _all_undone(self, atom: Any) -> bool:
        def is_undone(after: Any) -> bool:
            return self._storage.get_atom_state(after.name) in _UNDONE

        return _all(self._shape.after, atom, is_undone, self._undone)


def _all(neighbours: Mapping[Any, list[Any]], atom: Any, holds: Callable[[Any], bool], known: set[Any]) -> bool:
    """Whether it holds for all that lie in that direction; known: atoms for which it does, with all behind them."""
    queue, found = list(neighbours[atom]), set()
    for other in queue:
        if other in known or other in found:
            continue
        if not holds(other):
            return False
        found.add(other)
        queue += neighbours[other]
    known |= found
    return True


def _finished(futures: Collection[Any], timeout: float | None = None) -> tuple[set[Any], set[Any]]:
    """In place of waiting: a step has run in this thread, or it was called off."""
    done = {future for future in futures if future.done()}
    return done, set(futures) - done


class Runtime(runtime.Runtime):
    def __init__(self, shape: Shape, storage: Storage, notifier: Any, stepper: Any, retries: Any, options: Any):
        super().__init__(shape.compilation, storage, notifier, stepper, retries, options=options)
        self._shape = shape

    def compile(self) -> None:
        same = {
            'check_transition_handler': states.check_task_transition,
            'change_state_handler': self.task_action.change_state,
            'scheduler': self.task_scheduler,
            'edge_deciders': (),
            'action': self.task_action,
        }
        self._atom_cache = {name: {**same, 'scope_walker': seen} for name, seen in self._shape.scopes.items()}

    @functools.cached_property
    def selector(self) -> Selector:
        return Selector(self, self._shape)

    @functools.cached_property
    def builder(self) -> builder.MachineBuilder:
        return builder.MachineBuilder(self, _finished)

    @functools.cached_property
    def task_action(self) -> TaskAction:
        return TaskAction(self._storage, self._atom_notifier, self._task_executor)


class ActionEngine(stock_engine.ActionEngine):
    """injected: {name: value} that steps may ask for and nobody stores; session: in the place of a backend."""

    def __init__(
        self, graph: Graph, flow: Any, session: Any, stepper: executor.TaskExecutor, injected: Mapping[str, Any],
        never_resolve: bool,
    ):  # fmt: skip
        super().__init__(graph.flow, flow, session, {'never_resolve': never_resolve, 'gather_statistics': False})
        self._compiled: bool
        self._task_executor, self._injected, self._shape = stepper, injected, shape_of(graph)
        self.storage.inject(injected, transient=True)

    @functools.cached_property
    def storage(self) -> Storage:
        return Storage(self._flow_detail, self._backend, self._shape_scopes)

    def _shape_scopes(self, name: str) -> list[list[str]] | None:
        return self._shape.scopes.get(name)

    def compile(self) -> None:
        """The graph is compiled once per flow; what follows from it, too."""
        if not self._compiled:
            self._compilation = self._shape.compilation
            parts = (self.storage, self.atom_notifier, self._task_executor, self._retry_executor)
            self._runtime = Runtime(self._shape, *parts, self._options)
            self._runtime.compile()
            self._compiled = True

    def validate(self) -> None:
        """Whether every argument will be there follows from the flow and from which names are injected."""
        names = frozenset(self._injected)
        if names in self._shape.validated:
            self._validated = True
        else:
            super().validate()
            self._shape.validated.add(names)
