"""An agent with a machine to itself: its volume is found, made ready and grown; a new machine goes on with it.

The machine is a few namespaces: folders, user and volume have the names that they have in the guest image.
"""

import contextlib
import os
import pathlib
from collections.abc import Iterator

import pytest

from guestagent.contract import states
from tests.guest.machines import MachineProcess, Volume
from tests.guest.plane import Plane
from tests.guest.test_mariadb import query, user
from tests.waiting import until

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason='a machine of its own is root')


@pytest.fixture
def volume(tmp_path: pathlib.Path) -> Iterator[Volume]:
    made = Volume(tmp_path / 'volume.img')
    yield made
    made.close()


@pytest.fixture
def machine(plane: Plane, volume: Volume) -> MachineProcess:
    made = MachineProcess(plane, volume)
    plane.agents.append(made)
    made.start()
    return made


def test_a_blank_volume_is_formatted_and_the_server_has_its_own_user(machine: MachineProcess, volume: Volume) -> None:
    machine.prepare()
    machine.do('start', server_binary=None, databases=[{'name': 'shop'}], users=[user()])
    query(machine, 'CREATE TABLE shop.t (a INT)')

    assert volume.held() == 'xfs'
    data = machine.inside('/srv/dbaas/data')
    assert data.stat().st_uid == machine.uid
    assert (data / 'shop').is_dir()
    record = machine.inside('/srv/dbaas/agent')
    assert record.stat().st_mode & 0o777 == 0o700
    assert (record / 'ledger' / 'journal').exists()
    assert {'noatime', 'nodev', 'nosuid', 'noexec'} <= machine.options('/srv/dbaas')


def test_another_machine_with_the_same_volume_goes_on(machine: MachineProcess) -> None:
    machine.prepare()
    started = machine.do('start', server_binary=None, databases=[{'name': 'shop'}], users=[user()])
    query(machine, 'CREATE TABLE shop.t (a INT)')
    query(machine, 'INSERT INTO shop.t VALUES (42)')
    number = machine.inside('/srv/dbaas/data').stat().st_ino

    machine.kill()
    machine.start()

    until(lambda: _answer(machine) == [(42,)], 60, 'the database on the new machine')
    assert machine.inside('/srv/dbaas/data').stat().st_ino == number
    # the new agent remembers what the old one did
    assert machine.plane.guests.ask(machine.instance, started.command).state == states.SUCCEEDED


def test_a_volume_extended_in_use_is_filled(machine: MachineProcess, plane: Plane, volume: Volume) -> None:
    plane.receive()
    machine.prepare()
    machine.do('start', server_binary=None)
    until(lambda: plane.last_beat(machine.instance).get('state') == states.HEALTHY, 60, 'HEALTHY')
    before = plane.last_beat(machine.instance)['details']['volume']['total']
    volume.extend(1024 << 20)

    def total() -> int:
        return plane.last_beat(machine.instance)['details']['volume']['total']

    until(lambda: total() > 1.8 * before, 20, 'a larger file system')


def test_one_extended_while_the_machine_was_off_is_filled(machine: MachineProcess, volume: Volume) -> None:
    machine.prepare()
    machine.kill()
    volume.extend(1024 << 20)
    machine.start()
    until(lambda: _size(machine.inside('/srv/dbaas')) > 900 << 20, 30, 'a larger file system')


@pytest.mark.parametrize('content', ['ext4', 'partitions', 'swap'])
def test_what_is_not_ours_is_never_formatted(plane: Plane, volume: Volume, content: str) -> None:
    volume.fill(content)
    before = volume.digest()
    machine = MachineProcess(plane, volume)
    plane.agents.append(machine)
    machine.start()
    assert machine.process is not None and machine.process.wait(30) == 1
    assert 'nothing is written to it' in machine.log()
    assert volume.digest() == before


def test_a_format_cut_short_is_done_again(plane: Plane, volume: Volume) -> None:
    volume.fill('half an XFS')
    machine = MachineProcess(plane, volume)
    plane.agents.append(machine)
    machine.start()
    machine.prepare()
    assert machine.inside('/srv/dbaas/data').is_dir()


def test_a_volume_that_was_used_and_seems_blank_is_not_formatted(plane: Plane, volume: Volume) -> None:
    machine = MachineProcess(plane, volume)
    plane.agents.append(machine)
    machine.given['new_volume'] = False
    before = volume.digest()
    machine.start()
    assert machine.process is not None and machine.process.wait(30) == 1
    assert 'was used and holds no file system' in machine.log()
    assert volume.digest() == before


def test_facts_that_are_missing_are_named(plane: Plane, volume: Volume) -> None:
    machine = MachineProcess(plane, volume)
    plane.agents.append(machine)
    del machine.given['transport_url']
    machine.start()
    assert machine.process is not None and machine.process.wait(30) == 1
    assert "KeyError 'transport_url'" in machine.log()


def _answer(machine: MachineProcess) -> object:
    with contextlib.suppress(Exception):
        return query(machine, 'SELECT a FROM shop.t')
    return None


def _size(folder: pathlib.Path) -> int:
    with contextlib.suppress(OSError):
        found = os.statvfs(folder)
        return found.f_blocks * found.f_frsize
    return 0
