"""kill -9 of a conductor at each step of a create: another claims it in time and goes on; nothing is done again."""

import collections
import functools
import time
from collections.abc import Callable, Iterator

import pytest

from tests.functional import lateness, overtaken, verdict
from tests.functional.commits import HeldCommits
from tests.functional.fleet import PATIENCE, SESSION, Fleet
from tests.waiting import until

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group('fleet-killed')]

# every step -> what it asks the cloud or the guest; None: nothing, or the same as a step before
STEPS = {
    'check-cloud-quota': None, 'create-security-group': 'cloud.create_security_group',
    'create-port': 'cloud.create_port', 'create-floating-ip': None,
    'create-management-port': 'cloud.create_management_port', 'create-server-group': 'cloud.create_server_group',
    'create-volume': 'cloud.create_volume', 'wait-for-volume': None, 'create-bus-account': None,
    'create-server': 'cloud.create_server', 'wait-for-server': 'cloud.server', 'wait-for-guest': 'guest.ping',
    'prepare-database': 'guest.submit', 'start-database': None, 'wait-for-database': None, 'publish-endpoint': None,
}  # fmt: skip
ASKING = [call for call in STEPS.values() if call is not None]
WORK = 1.0  # seconds from the end of a dead conductor's session to the claim of another, on a machine that is idle


@pytest.fixture(scope='module')
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    with overtaken.served(tmp_path_factory.mktemp('killed'), len(STEPS)) as made:
        yield made


@pytest.fixture
def commits(fleet: Fleet) -> Iterator[HeldCommits]:
    made = HeldCommits(fleet)
    yield made
    made.close()


def test_killed_while_an_answer_is_on_its_way(fleet: Fleet) -> None:
    """What was asked for has happened, and nobody heard of it."""
    created = fleet.create(len(ASKING), 'unheard')
    for (instance, _), call in zip(created, ASKING, strict=True):
        fleet.control.fault(call, 'hang', when='after', times=1, instance=instance)
    fleet.begin(*fleet.conductors)
    until(lambda: sum(rule['hits'] for rule in fleet.control.faults()) == len(ASKING), PATIENCE, 'all are held')
    whole(fleet, created, kill_each(fleet, created, lambda _: None))


def test_killed_in_the_commit_of_each_step(fleet: Fleet, commits: HeldCommits) -> None:
    """What was asked for has happened, and is not written down."""
    for name in fleet.conductors:
        fleet.end(name)
    created = fleet.create(len(STEPS), 'unwritten')
    for (_, operation), step in zip(created, STEPS, strict=True):
        commits.hold(operation, step)
    fleet.begin(*fleet.conductors)
    until(lambda: commits.waiting() >= len(STEPS), PATIENCE, 'all are held')
    whole(fleet, created, kill_each(fleet, created, commits.release))


def kill_each(fleet: Fleet, created: list[tuple[str, str]], release: Callable[[str], None]) -> dict[str, float]:
    """Kill whoever holds one of these operations, each with all that it holds -> how late each was claimed, seconds."""
    held = {operation for _, operation in created}
    late: dict[str, float] = {}
    while running := holders(fleet, held - set(late)):
        conductor, doomed = min(running.items(), key=lambda found: len(found[1]))  # so that all have their turn
        epochs = {one: last_epoch(fleet, one) for one in doomed}
        with lateness.measured() as machine:
            killed = time.time()
            fleet.kill(conductor)
            for operation in doomed:
                release(operation)
            until(functools.partial(claimed_since, fleet, epochs), PATIENCE, 'others claim')
        took = {operation: first_claim_after(fleet, operation, epochs[operation]) - killed for operation in doomed}
        found = ', '.join(f'{seconds:.2f}' for seconds in sorted(took.values()))
        print(f'{conductor} died; claimed after {found} s; slowness {machine.slowness:.1f}')
        assert max(took.values()) <= SESSION + WORK * machine.slowness
        late |= took
        fleet.begin(conductor)
    return late


def holders(fleet: Fleet, operations: set[str]) -> dict[str, list[str]]:
    """Conductor -> those of these that it runs."""
    running = collections.defaultdict(list)
    for row in fleet.rows("SELECT id, conductor FROM operation WHERE state = 'RUNNING'"):
        if row.id in operations:
            running[row.conductor].append(row.id)
    return running


def claimed_since(fleet: Fleet, epochs: dict[str, int]) -> bool:
    return all(last_epoch(fleet, operation) > epoch for operation, epoch in epochs.items())


def last_epoch(fleet: Fleet, operation: str) -> int:
    """Of its last claim."""
    query = "SELECT max(epoch) FROM operation_event WHERE operation_id = :o AND kind = 'claimed'"
    return fleet.rows(query, o=operation)[0][0]


def first_claim_after(fleet: Fleet, operation: str, epoch: int) -> float:
    query = "SELECT min(at) FROM operation_event WHERE operation_id = :o AND kind = 'claimed' AND epoch > :e"
    return fleet.rows(query, o=operation, e=epoch)[0][0]


def whole(fleet: Fleet, created: list[tuple[str, str]], late: dict[str, float]) -> None:
    """All have succeeded; each step was done once at its first attempt, each thing made once."""
    assert len(late) == len(created)
    states = fleet.settled()
    assert {states[operation] for _, operation in created} == {'SUCCEEDED'}, verdict.held(fleet)
    for instance, operation in created:
        assert sorted(fleet.done(operation)) == [(step, 1) for step in sorted(STEPS)]
        mine = [effect for effect in fleet.control.effects() if effect['instance'] == instance]
        assert collections.Counter(e['call'] if e['call'] != 'run' else e['name'] for e in mine) == {
            'create_security_group': 1, 'create_port': 1, 'create_management_port': 1, 'create_volume': 1,
            'create_server': 1, 'prepare': 1, 'start': 1,
        }  # fmt: skip
    assert verdict.violations(fleet) == []
