"""What the token file may hold, and that a message names the entry and never shows a secret."""

from typing import Any

import pytest

from dbaas.services import identity_file, passwords

ANN = {
    'token': 'token-of-ann', 'user_id': 'u1', 'user_name': 'ann', 'project_id': 'p1', 'project_name': 'shop',
    'roles': ['Member'],
}  # fmt: skip
BOB = {**ANN, 'token': 'token-of-bob', 'user_id': 'u2', 'user_name': 'bob'}
HASH = f'scrypt:32768:8:1$salt${"0" * 128}'


def test_a_good_one() -> None:
    ann, elsewhere, bob = identity_file.parsed(
        [ANN, {**ANN, 'token': 't3', 'project_id': 'p2', 'project_name': 'lab'}, {**BOB, 'password_hash': HASH}]
    )
    assert ann.context().roles == ('member',) and elsewhere.user_id == ann.user_id and bob.password_hash == HASH


@pytest.mark.parametrize(
    ('change', 'message'),
    [
        ({'token': ''}, 'entry 2 has no token'),
        ({'token': 'token-of-ann'}, 'token of entry 2 has more than one entry'),
        ({'token': 12}, 'entry 2: token is not text: put it in quotes'),
        ({'user_id': 17}, 'entry 2: user_id is not text: put it in quotes'),
        ({'project_id': 1e5}, 'entry 2: project_id is not text: put it in quotes'),
        ({'project_id': 'a/b'}, 'entry 2: an id has a / in it'),
        ({'user_name': ' '}, 'entry 2: user_name is empty'),
        ({'user_name': 'a\nb'}, 'entry 2: user_name is empty, longer than 255 characters, or not printable'),
        ({'user_id': 'x' * 65}, 'entry 2: user_id is empty, longer than 64'),
        ({'roles': 'admin'}, 'entry 2: roles is not a list'),
        ({'roles': [7]}, 'entry 2: a role is not text'),
        ({'password': 'plain-secret'}, 'entry 2 has a password: only its hash is kept here'),
        ({'password_hash': 'plain-secret'}, 'entry 2: password_hash is none'),
        ({'pasword_hash': HASH}, 'entry 2 has what nobody knows: pasword_hash'),
        ({'user_name': 'ann'}, 'user_name ann has more than one user_id'),
        ({'user_id': 'u1'}, 'user_id u1 has more than one user_name'),
        ({'project_id': 'p2'}, 'project_name shop has more than one project_id'),
        ({'project_name': 'lab'}, 'project_id p1 has more than one project_name'),
    ],
)
def test_bad_ones(change: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError) as caught:
        identity_file.parsed([ANN, {**BOB, **change}])
    assert str(caught.value).startswith(message)
    assert 'token-of' not in str(caught.value) and 'plain-secret' not in str(caught.value)


def test_one_password_for_a_user() -> None:
    other = {**ANN, 'token': 't3', 'project_id': 'p2', 'project_name': 'lab', 'password_hash': HASH}
    identity_file.parsed([{**ANN, 'password_hash': HASH}, other])
    with pytest.raises(ValueError, match='user ann has more than one password_hash'):
        identity_file.parsed([{**ANN, 'password_hash': HASH.replace('salt', 'pepper')}, other])


def test_a_hash_is_what_the_file_takes() -> None:
    made = passwords.hashed('correct horse')
    (ann,) = identity_file.parsed([{**ANN, 'password_hash': made}])
    assert passwords.matches(ann.password_hash, 'correct horse')
    assert not passwords.matches(None, 'correct horse') and not passwords.matches(HASH, 'correct horse')
