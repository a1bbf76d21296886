"""dbaas-flow on a real API and, with --db, on that API's database: the same answers; many orders at once."""

import getpass
import json
from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from click.testing import CliRunner, Result

from dbaas.cli.flow import errors
from dbaas.cli.flow.main import NAME, cli
from dbaas.db.tables import OPERATIONS
from tests.api.house import ADMIN, House


class Flow:
    """The program, through the API or on the database; `via` are the options before the command."""

    def __init__(self, house: House, url: str):
        self.house = house
        self._env = {'OS_AUTH_TYPE': 'admin_token', 'OS_ENDPOINT': f'{url}/v1.0/demo', 'OS_TOKEN': ADMIN['token']}

    def __call__(self, *args: str, code: int = 0) -> Result:
        result = CliRunner().invoke(cli, args, env=self._env, prog_name=NAME)
        assert result.exit_code == code, result.output
        return result

    def json(self, *args: str) -> Any:
        return json.loads(self(*args, '-o', 'json').stdout)

    def in_state(self, state: str, number: int) -> list[str]:
        """So many creates in this state, the oldest first."""
        ids = []
        for n in range(number):
            self.house.create(f'{state.lower().replace("_", "-")}-{n}')
            ids.append(self.house.posted[-1].operation_id)
        change = sa.update(OPERATIONS).where(OPERATIONS.c.id.in_(ids)).values(state=state, reason='no quota')
        self.house.execute(change)
        return ids

    def states(self) -> dict[str, str]:
        return {o['id']: o['state'] for o in self.json('list')}


@pytest.fixture
def flow(house: House) -> Iterator[Flow]:
    with house.served() as url:
        yield Flow(house, url)


def _without_links(found: Any) -> Any:
    if isinstance(found, dict):
        return {key: _without_links(value) for key, value in found.items() if key != 'links'}
    return [_without_links(one) for one in found] if isinstance(found, list) else found


MOVING = ('ran', 'at', 'rates')  # differ from one look to the next, or with the clock


def _still(found: Any) -> Any:
    if isinstance(found, dict):
        return {key: _still(value) for key, value in found.items() if key not in MOVING}
    return [_still(one) for one in found] if isinstance(found, list) else found


# -- the database instead of the API ---------------------------------------------------------------------------------
def test_the_same_answers_from_the_database(flow: Flow) -> None:
    flow.house.create()
    flow.house.work()
    flow.house.world.faults.plan('create_server', times=1)
    flow.house.create('db2')
    flow.house.work()
    held = flow.house.posted[-1].operation_id
    file = flow.house.db.url
    for args in (
        ('list',), ('list', '--state', 'HELD', '--type', 'instance.create', '--since', '2023-11-14'), ('show', held),
        ('show', held[:8]), ('why', held), ('events', held), ('stats', '--days', '3650'),
        ('stats', '--type', 'instance.create', '--days', '3650'),
        ('top', '--once'), ('list', '--instance', 'db2'),
    ):  # fmt: skip
        assert _still(_without_links(flow.json(*args))) == _still(_without_links(flow.json('--db', file, *args))), args


def test_it_says_where_it_comes_from_and_needs_no_api(flow: Flow, tmp_path: Any) -> None:
    (held,) = flow.in_state('HELD', 1)
    flow._env.clear()  # no endpoint, no token
    state, config = str(tmp_path), tmp_path / 'dbaas.conf'
    config.write_text(f'[DEFAULT]\nstate_dir = {state}\n')
    for where in (
        ('--db', state), ('--db', '--state', state), ('--db', str(config)), ('--config-file', str(config), '--db'),
    ):  # fmt: skip
        result = flow(*where, 'list')
        assert result.stderr.startswith('read from the database, not through the API: sqlite:///'), where
        assert held in result.stdout
    assert 'read from the database' in flow('--db', state, 'list', '-o', 'json').stderr, 'in every format'
    assert flow('--db', state, 'watch', held, code=errors.HELD)
    assert flow('--db', state, 'show', 'f' * 32, code=errors.NOT_FOUND)
    assert 'API' in flow('--db', state, 'plan', 'delete', 'held-0', code=errors.USAGE).stderr
    assert flow('--db', '/nowhere', 'list', code=errors.USAGE)
    assert flow('--db', f'sqlite:///{state}/none.sqlite', 'list', code=errors.UNREACHABLE)


def test_orders_on_the_database_carry_the_users_name(flow: Flow) -> None:
    (held,) = flow.in_state('HELD', 1)
    posted = len(flow.house.posted)
    flow('--db', flow.house.db.url, 'resume', held, '--reason', 'the API is down')
    event = flow.json('events', held)[-1]
    assert (event['kind'], event['actor'], event['before'], event['after']) == (
        'resume', f'{getpass.getuser()} (db)', 'HELD', 'QUEUED',
    )  # fmt: skip
    assert len(flow.house.posted) == posted, 'the reconciler posts it'
    again = flow('--db', flow.house.db.url, 'retry-now', held, '--reason', 'r')
    assert 'QUEUED' in again.stdout, 'nothing to do is no error'
    flow('--db', flow.house.db.url, 'skip', held, '--step', 'x', '--reason', 'r', '--yes', code=errors.CONFLICT)


# -- many at once ----------------------------------------------------------------------------------------------------
def test_all_that_fit_get_the_order_and_nobody_else(flow: Flow) -> None:
    held, paused = flow.in_state('HELD', 3), flow.in_state('PAUSED', 1)
    result = flow('resume', '--all', '--state', 'HELD', '--rate', '1000/s', '--reason', 'quota raised')
    lines = result.stdout.splitlines()
    assert [line.split()[:3] for line in lines] == [
        [f'{n}/3', 'accepted', operation] for n, operation in enumerate(held, 1)
    ]  # the oldest first
    assert 'resume: 3 accepted, 0 refused, 0 not tried' in result.stderr
    assert flow.states() == {**dict.fromkeys(held, 'QUEUED'), paused[0]: 'PAUSED'}
    assert flow.json('events', held[0])[-1]['reason'] == 'quota raised'
    again = flow('resume', '--all', '--state', 'HELD', '--reason', 'quota raised')
    assert 'nothing to do' in again.stderr and not again.stdout


def test_filters_and_a_dry_run(flow: Flow) -> None:
    held = flow.in_state('HELD', 2)
    for filters, number in (
        (('--type', 'instance.create'), 2), (('--type', 'instance.delete'), 0), (('--since', '2030-01-01'), 0),
        (('--project', 'demo'), 2), (('--project', 'other'), 0),
    ):  # fmt: skip
        result = flow('abort', '--all', '--state', 'HELD', *filters, '--dry-run')
        assert f'{number} would get the order' in result.stderr, filters
    assert set(flow.states().values()) == {'HELD'} and held[0] in flow.states()


def test_what_is_refused_is_told_and_counted(flow: Flow) -> None:
    """One changes between the list and its order."""
    first, second = flow.in_state('HELD', 2)
    real, house = flow.house.app.view_functions, flow.house

    def end(*args: Any, **kwargs: Any) -> Any:
        house.execute(sa.update(OPERATIONS).where(OPERATIONS.c.id == second).values(state='SUCCEEDED'))
        return resume(*args, **kwargs)

    name = next(n for n in real if 'Resume' in n)
    resume, real[name] = real[name], end
    result = flow(
        'resume', '--all', '--state', 'HELD', '--rate', '1000', '--reason', 'r', '-o', 'json', code=errors.PARTLY
    )
    rows = [json.loads(line) for line in result.stdout.splitlines()]
    assert [(row['id'], row['outcome']) for row in rows] == [(first, 'accepted'), (second, 'refused')]
    assert 'SUCCEEDED' in rows[1]['error'] and '1 accepted, 1 refused' in result.stderr


def test_on_the_database_too(flow: Flow) -> None:
    held = flow.in_state('HELD', 2)
    flow(
        '--db', flow.house.db.url, 'abort', '--all', '--state', 'HELD', '--rate', '1000', '--reason', 'r', '--yes'
    )  # fmt: skip
    assert flow.states() == dict.fromkeys(held, 'CANCELLED')
