"""Addresses shared out among processes that race for them, and taken back from the dead."""

import multiprocessing
import os

import pytest

from dbaas.cloud.local.addresses import Addresses
from dbaas.exceptions import CloudError

EACH = 25
RACERS = 4


@pytest.fixture
def addresses(tmp_path):
    return Addresses(str(tmp_path / 'addresses'), '127.64.0.0/24')  # narrow: they do meet


def take(folder, owner):
    addresses = Addresses(folder, '127.64.0.0/24')
    os.makedirs(owner, exist_ok=True)
    with addresses.locked():
        address = addresses.choose(owner, 3306)
        assert addresses.take(address, owner)
    return address


def test_processes_that_race_get_different_ones(tmp_path):
    with multiprocessing.get_context('fork').Pool(RACERS) as pool:
        owners = [(str(tmp_path / 'addresses'), str(tmp_path / f'owner-{n}')) for n in range(RACERS * EACH)]
        taken = pool.starmap(take, owners, chunksize=1)
    assert len(set(taken)) == RACERS * EACH


def test_address_of_a_folder_that_is_gone_is_free_again(addresses, tmp_path):
    first, second = str(tmp_path / 'first'), str(tmp_path / 'second')
    os.mkdir(first)
    os.mkdir(second)
    with addresses.locked():
        address = addresses.choose(first, 3306)
        assert addresses.take(address, first)
        assert addresses.take(address, first)  # repeated
        assert not addresses.take(address, second)
        os.rmdir(first)
        assert addresses.take(address, second)


def test_only_the_owner_gives_it_back(addresses, tmp_path):
    owner = str(tmp_path / 'owner')
    os.mkdir(owner)
    with addresses.locked():
        address = addresses.choose(owner, 3306)
        addresses.take(address, owner)
        addresses.give_back(address, str(tmp_path / 'thief'))
        assert addresses.owned(str(tmp_path)) == {address: owner}
        addresses.give_back(address, owner)
        addresses.give_back(address, owner)
        assert addresses.owned(str(tmp_path)) == {}


def test_file_of_a_killed_writer_is_free(addresses, tmp_path):
    owner = str(tmp_path / 'owner')
    os.mkdir(owner)
    with addresses.locked():
        address = addresses.choose(owner, 3306)
        (tmp_path / 'addresses' / address).write_text('')
        assert addresses.take(address, owner)


def test_folder_is_open_to_every_user(addresses, tmp_path):
    with addresses.locked():
        assert os.stat(tmp_path / 'addresses').st_mode & 0o7777 == 0o1777


def test_network_and_broadcast_numbers_are_left_out(tmp_path):
    addresses = Addresses(str(tmp_path / 'addresses'), '127.64.1.0/30')
    taken = set()
    with addresses.locked():
        for n in range(3):
            owner = str(tmp_path / f'owner-{n}')
            os.mkdir(owner)
            address = addresses.choose(owner, 3306)
            addresses.take(address, owner)
            taken.add(address)
    assert taken == {'127.64.1.1', '127.64.1.2', '127.64.1.3'}


def test_a_link_in_place_of_the_folder_is_refused(tmp_path):
    victim = tmp_path / 'victim'
    victim.mkdir(mode=0o755)
    (tmp_path / 'addresses').symlink_to(victim)
    with (
        pytest.raises(CloudError, match='not a folder'),
        Addresses(str(tmp_path / 'addresses'), '127.64.0.0/24').locked(),
    ):
        pass
    assert victim.stat().st_mode & 0o7777 == 0o755 and not list(victim.iterdir())


def test_what_is_not_a_network_is_refused(tmp_path):
    with pytest.raises(CloudError, match='network'):
        Addresses(str(tmp_path), '127.64.0.1/10')


def test_a_lock_that_somebody_keeps_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr('dbaas.cloud.local.addresses.PATIENCE', 0.1)
    addresses = Addresses(str(tmp_path / 'addresses'), '127.64.0.0/24')
    with addresses.locked(), pytest.raises(CloudError, match=r'does not let go.*fuser'), addresses.locked():
        pass
