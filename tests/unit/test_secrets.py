"""Secrets at rest: sealed, bound to their row, re-sealed by a new key, gone when erased."""

import os
import pathlib

import pytest
import sqlalchemy as sa
from cryptography.exceptions import InvalidTag

from dbaas.db.session import Database
from dbaas.db.tables import SECRETS
from dbaas.exceptions import NotFound
from dbaas.services import keyring
from dbaas.services.secrets import Secrets

VALUE = b'correct horse battery staple'


@pytest.fixture
def key_file(tmp_path: pathlib.Path) -> str:
    return str(tmp_path / 'keys.yaml')


def seal(db: Database, secrets: Secrets, owner: str = 'operation') -> str:
    return db.run(lambda c: secrets.seal(c, project_id='p', owner=owner, purpose='password', value=VALUE))


def test_opens_what_it_sealed_and_keeps_no_plain_text(db: Database, key_file: str, tmp_path: pathlib.Path) -> None:
    secrets = Secrets(db, keyring.load(key_file))
    secret = seal(db, secrets)
    assert secrets.open(secret) == VALUE
    assert VALUE not in b''.join(path.read_bytes() for path in tmp_path.iterdir())


def test_a_row_moved_to_another_purpose_does_not_open(db: Database, key_file: str) -> None:
    secrets = Secrets(db, keyring.load(key_file))
    secret = seal(db, secrets)
    db.run(lambda c: c.execute(sa.update(SECRETS).values(purpose='guest-key')))
    with pytest.raises(InvalidTag):
        secrets.open(secret)


def test_rotation_reseals_every_row_and_can_be_interrupted(db: Database, key_file: str) -> None:
    old = Secrets(db, keyring.load(key_file))
    ids = [seal(db, old) for _ in range(5)]
    current = keyring.rotate(key_file)
    secrets = Secrets(db, keyring.load(key_file))
    db.run(lambda c: secrets._reseal_some(c, 2))  # then it was killed
    assert [secrets.open(i) for i in ids] == [VALUE] * 5
    assert secrets.reseal(batch=2) == 3
    with db.read() as c:
        assert set(c.execute(sa.select(SECRETS.c.key_id)).scalars()) == {current}
    assert [secrets.open(i) for i in ids] == [VALUE] * 5


def test_erased_with_its_owner_only(db: Database, key_file: str) -> None:
    secrets = Secrets(db, keyring.load(key_file))
    mine, other = seal(db, secrets), seal(db, secrets, owner='instance')
    db.run(lambda c: secrets.erase(c, 'operation'))
    with pytest.raises(NotFound, match='has ended'):
        secrets.open(mine)
    assert secrets.open(other) == VALUE


def test_the_key_file_is_made_once_and_for_us_alone(key_file: str) -> None:
    first = keyring.load(key_file)
    assert os.stat(key_file).st_mode & 0o777 == 0o600 and keyring.load(key_file).current == first.current


@pytest.mark.parametrize('content', ['', 'nonsense', 'current: a\nkeys: {}', 'current: a\nkeys: {a: "%%%"}'])
def test_a_bad_key_file_is_refused_with_a_remedy(key_file: str, content: str) -> None:
    with open(os.open(key_file, os.O_WRONLY | os.O_CREAT, 0o600), 'w') as out:
        out.write(content)
    with pytest.raises(keyring.KeyringError, match='restore it'):
        keyring.load(key_file)


def test_a_key_file_open_to_others_is_refused(key_file: str) -> None:
    keyring.load(key_file)
    os.chmod(key_file, 0o644)
    with pytest.raises(keyring.KeyringError, match='chmod 600'):
        keyring.load(key_file)


def test_a_program_that_runs_through_a_rotation_opens_what_the_new_key_sealed(db: Database, key_file: str) -> None:
    running = Secrets(db, keyring.load(key_file))
    keyring.rotate(key_file)
    secret = seal(db, Secrets(db, keyring.load(key_file)))
    assert running.open(secret) == VALUE
