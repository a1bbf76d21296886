"""The database goes away, or loses a COMMIT, at every moment of a run: it goes on as after a death, nothing twice."""

import collections
from collections.abc import Callable, Iterator

import pytest
import sqlalchemy as sa

from tests.flows import harness
from tests.flows.conftest import Place
from tests.flows.injection import Injection
from tests.flows.moments import at_begin, during
from tests.flows.scenarios import SCENARIOS
from tests.servers.databases import Databases, Server
from tests.servers.wire import Wire
from tests.waiting import until

CREATE = 'instance.create'
pytestmark = pytest.mark.parametrize('kind', ['mariadb', 'postgresql'], scope='session')


@pytest.fixture
def server(kind: str, databases: Databases) -> Iterator[Server]:
    """Running before and after the test."""
    found = databases.server(kind)
    yield found
    found.start()


def finish(place: Place, operation: str) -> None:
    """It ends well, and tells the story of each step once."""
    house = place.house
    until(house.worker.work, 30, 'the job is offered again')
    house.go_on(operation)
    place.succeeded(operation)
    assert set(collections.Counter(house.kinds(operation, 'done')).values()) == {1}
    assert house.world.executed() and set(house.world.executed().values()) == {1}


@pytest.mark.parametrize('step', ['create-volume', 'create-server'])
def test_it_goes_away_within_a_step(open_place: Callable[..., Place], server: Server, step: str) -> None:
    place = open_place(CREATE)
    during(place.injection, step, server.stop)
    operation = place.start()
    assert place.house.worker.work() and server.pid is None
    server.start()
    finish(place, operation)


@pytest.mark.parametrize('number', range(1, 7))
def test_it_goes_away_before_a_transaction(open_place: Callable[..., Place], server: Server, number: int) -> None:
    """The claim is the first one."""
    place = open_place(CREATE)
    operation = place.start()
    at_begin(place.house, number, server.stop)
    while server.pid is not None:
        assert place.house.worker.work()
    server.start()
    finish(place, operation)


@pytest.fixture
def wired(kind: str, databases: Databases, server: Server) -> Iterator[tuple[harness.Disk, Wire]]:
    """A disk whose connections can be cut at a COMMIT."""
    wire = Wire(server.port)
    url = sa.make_url(databases.migrated(kind)).set(port=wire.port).render_as_string(hide_password=False)
    disk = harness.Disk(url)
    yield disk, wire
    disk.close()
    wire.close()


@pytest.mark.parametrize('cut', ['before', 'after'])
@pytest.mark.parametrize('number', range(1, 8))
def test_a_commit_in_doubt(wired: tuple[harness.Disk, Wire], number: int, cut: str) -> None:
    """Whether it took effect is seen at the next claim, in SQL: what is done is not done again, nor told again."""
    harness.quiet()
    disk, wire = wired
    with Injection().installed() as injection:
        house = harness.House(disk)
        SCENARIOS[CREATE].before(house)
        place = Place(house, injection, CREATE, house.slate())
        operation = place.start()
        at_begin(house, number, lambda: setattr(wire, 'cut', cut))
        while not wire.cuts:
            assert house.worker.work()
        finish(place, operation)
