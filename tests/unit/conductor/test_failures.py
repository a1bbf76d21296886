"""What is stored of a step: small JSON, and failures without secrets or traceback."""

import json

import pytest
from taskflow.types import failure

from conductor import failures
from flows.base import CommandFailed, Park


def failed(error: Exception) -> failure.Failure:
    try:
        raise error
    except type(error):
        return failure.Failure()


@pytest.mark.parametrize('value', [None, 1, 'x', {'id': 'x', 'list': [1, None]}, []])
def test_small_json_passes(value: object) -> None:
    failures.check_result('step', value)


@pytest.mark.parametrize('value', [(1, 2), {1: 2}, object(), b'x', float('nan'), 'x' * 20000, {'a': {1, 2}}])
def test_what_a_reload_would_change_is_refused(value: object) -> None:
    with pytest.raises(failures.BadResult, match='step'):
        failures.check_result('step', value)


@pytest.mark.parametrize(
    'text',
    [
        "CREATE USER x IDENTIFIED BY 'hunter22'",
        "CREATE USER x IDENTIFIED BY PASSWORD '*hunter22'",
        "ALTER USER x IDENTIFIED VIA mysql_native_password USING 'hunter22'",
        'connect(password=hunter22, host=x)',
        'mysql://root:hunter22@127.0.0.1/db failed',
        'X-Auth-Token: hunter22',
        'the answer was hunter22!',
    ],
)
def test_secrets_are_taken_out(text: str) -> None:
    assert 'hunter22' not in failures.scrub(text, ['hunter22'] if 'answer' in text else [])


def test_stored_failures_have_no_traceback_and_keep_what_decisions_need() -> None:
    kept = failures.stored(failed(CommandFailed(['start-database'], 'it said hunter22')), ['hunter22'])
    assert kept.traceback_str is None and kept.check(CommandFailed) is not None
    assert kept.exception_args[0] == ['start-database'] and 'hunter22' not in json.dumps(kept.to_dict())


def test_a_park_keeps_its_keys() -> None:
    kept = failures.stored(failed(Park(['a', 'b'], 12.5)))
    assert list(kept.exception_args) == [['a', 'b'], 12.5]


def test_reasons_are_for_people() -> None:
    assert failures.reason(failed(CommandFailed(['x'], 'mariadbd is not there'))) == 'mariadbd is not there'
    assert failures.reason(failed(KeyError('x'))) == "KeyError: 'x'"
