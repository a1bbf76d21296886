"""Runs that another conductor overtakes while they stand in the midst of a call; what must have become of them."""

import contextlib
import pathlib
from collections.abc import Iterator

from tests.functional import verdict
from tests.functional.fleet import PATIENCE, Fleet
from tests.waiting import until

THINGS = (
    'cloud.create_security_group', 'cloud.create_port', 'cloud.create_management_port', 'cloud.create_volume',
    'cloud.create_server',
)  # fmt: skip
CALLS = (*THINGS, 'guest.submit')


@contextlib.contextmanager
def served(folder: pathlib.Path, held: int = len(CALLS)) -> Iterator[Fleet]:
    """Servers and an API, no conductor yet; with places and patience for so many that are held at once."""
    made = Fleet(
        folder,
        conductor={'workers': 2 * held},
        simulated={'timeout': 2 * PATIENCE, 'patience': 3 * PATIENCE},
        flows={'step_deadline': 3 * PATIENCE},
        database={'answer_within': 2 * PATIENCE, 'pool_size': 4 * held},
    )
    try:
        made.serve()
        made.begin('api')
        yield made
    finally:
        made.close()


def hold_in_calls(fleet: Fleet, conductor: str) -> list[tuple[str, str]]:
    """A create for each of CALLS that stands in the midst of it, all run by `conductor`; no other may run."""
    created = fleet.create(len(CALLS), 'held')
    for (instance, _), call in zip(created, CALLS, strict=True):
        fleet.control.fault(call, 'hold', times=1, instance=instance)
    fleet.begin(conductor)
    until(lambda: sum(rule['hits'] for rule in fleet.control.faults()) == len(CALLS), PATIENCE, 'all are held')
    return created


def finished_by(fleet: Fleet, conductor: str, created: list[tuple[str, str]]) -> None:
    """They have succeeded, their last steps are this conductor's."""
    states = fleet.settled()
    assert {states[operation] for _, operation in created} == {'SUCCEEDED'}, verdict.held(fleet)
    for _, operation in created:
        assert claimed_by(fleet, operation)[-1] == conductor


def claimed_by(fleet: Fleet, operation: str) -> list[str]:
    """Its conductors, in their order."""
    query = "SELECT conductor FROM operation_event WHERE operation_id = :o AND kind = 'claimed' ORDER BY seq"
    return [row.conductor for row in fleet.rows(query, o=operation)]


def swept(fleet: Fleet, created: list[tuple[str, str]]) -> None:
    """What nobody knows of is gone; what the records name is there."""
    until(lambda: not verdict.orphans(fleet), PATIENCE, 'no orphan is left')
    gone = {effect['id'] for effect in fleet.control.effects() if effect['call'] == 'gone'}
    for instance, _ in created:
        (row,) = fleet.rows('SELECT server_id, volume_id FROM instances WHERE id = :i', i=instance)
        assert not gone & {row.server_id, row.volume_id}


def fenced(fleet: Fleet, conductor: str, number: int) -> None:
    """It has tried so often to write, and was refused."""
    until(lambda: fleet.scrape(conductor)('dbaas_fenced_writes_total') >= number, PATIENCE, 'the fenced writes')


def given_up(fleet: Fleet, conductor: str, created: list[tuple[str, str]]) -> None:
    """Each of its runs is over: refused by the fence, or told by the board first, as it happens after a thaw."""

    def over() -> bool:
        said = fleet.log(conductor)
        return all(f'operation {operation}: the claim is lost' in said for _, operation in created)

    until(over, PATIENCE, 'the end of the overtaken runs')


def works_alone(fleet: Fleet, conductor: str, without: str) -> None:
    """It claims again."""
    fleet.end(without)
    created = fleet.create(2, 'again')
    finished_by(fleet, conductor, created)
