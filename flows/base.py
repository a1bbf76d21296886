"""What a step is: execute = make it so, revert = make it gone, or `irreversible = 'why'`; it bears repeating."""

import functools
import re
from collections.abc import Callable, Iterable
from typing import Any, NoReturn

from oslo_utils import reflection
from taskflow import task

from dbaas.cloud import haste
from dbaas.exceptions import CloudUnavailable

CLOUD = 'cloud'  # the key of who waits for it; then why
LONGEST_KEY = 255  # what the table takes
PATIENT_AFTER = 120.0  # seconds of waiting, until when nobody likes to lose time to a pause


class Park(Exception):
    """Not an error: the step waits for these keys and is looked at again at wake_at at the latest.

    keys: command ids, or names such as 'guest:<instance>'; wake_at: seconds since the epoch.
    """

    def __init__(self, keys: Iterable[str], wake_at: float):
        super().__init__(list(keys), wake_at)


class CommandFailed(Exception):
    """The awaited commands of these steps failed: resume must do those steps anew, not only the wait."""

    def __init__(self, steps: Iterable[str], message: str = ''):
        super().__init__(sorted(steps), message)

    def __str__(self) -> str:
        return self.args[1] or f'commands of {", ".join(self.args[0])} failed'


class DeadlineExceeded(Exception):
    """The step or what it waits for took longer than its deadline."""


def pause(waited: float, first: float, longest: float) -> float:
    """Seconds until a waiting step looks at a cloud again: short for two minutes, then growing with the wait."""
    return min(first * max(1.0, waited / PATIENT_AFTER) ** 2, max(first, longest))


def step_name(cls_name: str) -> str:
    """CreateServer -> create-server: stable, and persisted."""
    return re.sub(r'(?<=[a-z0-9])(?=[A-Z])', '-', cls_name).lower()


_MAPPINGS: dict[Any, Any] = {}  # see Step._build_arg_mapping; TaskFlow only reads them


def _undo_arguments(revert: Any) -> list[str]:
    """TaskFlow lets revert inherit the requirements of execute, and takes an empty list for "not given"."""
    wanted = reflection.get_callable_args(revert)
    return [a for a in wanted if a not in ('self', 'flow_failures', 'result')] or ['run']


class Step(task.Task):
    """A TaskFlow task of the house.

    Arguments of `execute` and `revert` are inputs of the operation, results of earlier steps, or injected
    dependencies: run, cloud, guest, accounts, db, secrets, settings. `revert` never asks for its own result.
    """

    effect: str = ''  # one line for `plan`; {name} is filled from the operation's inputs
    undo_effect: str = ''
    irreversible: str | None = None  # why it cannot be undone
    disrupts = False  # takes service away
    restores = False  # gives it back
    awaits: tuple[str, ...] = ()  # wait steps: the steps that submitted what is awaited
    _undo_arguments = ['run']  # names of what revert asks for; set when the class is made
    eager = False  # what it waits for sends no event: it is looked at more often
    deadline = 'step'  # which option of [flows] bounds it: <deadline>_deadline, seconds

    def __init_subclass__(cls, **kwargs: Any):
        super().__init_subclass__(**kwargs)
        if 'execute' in cls.__dict__ and cls.revert is Step.revert and not cls.irreversible:
            raise TypeError(f'{cls.__name__} needs a revert, or irreversible = "why"')
        cls._undo_arguments = _undo_arguments(cls.revert)

    def __init__(self, name: str | None = None, **options: Any):
        options.setdefault('revert_requires', self._undo_arguments)
        super().__init__(name=name or step_name(type(self).__name__), **options)

    def _build_arg_mapping(self, executor: Any, **options: Any) -> Any:
        """TaskFlow's, which inspects signatures for each step of each claim; here once per class and options."""
        key = (type(self), executor.__name__, repr(sorted(options.items())))
        if key not in _MAPPINGS:
            _MAPPINGS[key] = super()._build_arg_mapping(executor, **options)
        return _MAPPINGS[key]

    def revert(self, *_args: Any, **_: Any) -> None:
        """Nothing to undo: only an irreversible step keeps this one."""

    def describe(self, cloud: Any, inputs: dict[str, Any]) -> str:
        """What it will do, for `plan`."""
        return self.effect.format_map(inputs)

    def overdue(self, run: Any) -> bool:
        """Whether the step's deadline, counted from its first park, has passed."""
        since = run.since(self.name)
        return since is not None and run.clock() - since >= run.deadline(self.deadline)

    def park(self, run: Any, keys: Iterable[str], what: str, after: float | None = None) -> NoReturn:
        """Wait without a thread for one of `keys` or the next look; give up when overdue.

        after: seconds, of one that should leave somebody alone for a while: it is in no hurry. Called by `execute` of
        steps outside of unordered blocks only, and by any `revert`.
        """
        limit = run.deadline(self.deadline)
        if self.overdue(run):
            raise DeadlineExceeded(f'{what}: waited {limit:g} s')
        since = run.since(self.name)
        first = run.clock() if since is None else since
        soon = run.wake_at(first if self.eager and after is None else None)
        raise Park(keys, min(max(soon, run.clock() + (after or 0.0)), first + limit))


def patient(work: Callable[..., Any]) -> Callable[..., Any]:
    """`work` of a step that may park, which waits for a cloud that is away and holds no thread meanwhile."""

    @functools.wraps(work)
    def patiently(self: Any, run: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            with haste.once():
                return work(self, run, *args, **kwargs)
        except CloudUnavailable as error:
            self.park(run, [f'{CLOUD}:{error}'[:LONGEST_KEY]], str(error), error.after or 0.0)

    return patiently


class Wait(Step):
    """Has no effect: it looks, and parks until there is something to see. Never in an unordered block.

    A cloud that is away is waited for, too: each look is one try, and the step's deadline bounds them.
    """

    undo_effect = 'nothing: it only waited'

    def __init_subclass__(cls, **kwargs: Any):
        super().__init_subclass__(**kwargs)
        if 'execute' in cls.__dict__:
            cls.execute = patient(cls.execute)

    def revert(self, *_args: Any, **_: Any) -> None:
        """Nothing to undo: it only waits."""
