"""A server program that is nowhere: the create is HELD with a clear reason; resumed when mended, skipped, aborted."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.functional.deployment import Deployment
from tests.functional.kinds import KINDS, running
from tests.waiting import until

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group('server-binary')]

NOWHERE = '/nowhere/mariadbd'
STOPPED = 'wait-for-database'  # the step that hears of it; the others were done
REASON = f'mariadbd not found at {NOWHERE}: install mariadb-server-core or set [mariadb] server_binary'


@pytest.fixture(scope='module', params=KINDS)
def deployment(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    with running(request.param, tmp_path_factory.mktemp('nowhere'), mariadb={'server_binary': NOWHERE}) as made:
        yield made


@pytest.fixture
def held(deployment: Deployment) -> tuple[str, str]:
    """An instance whose create has stopped, and that operation."""
    instance, operation = deployment.create('held', password='of-the-held')
    deployment.reach(operation, 'HELD')
    return instance, operation


def used(deployment: Deployment) -> dict[str, int]:
    rows = deployment.book.rows('SELECT resource, used FROM quotas')
    assert rows
    return dict(rows)


def shown(deployment: Deployment, operation: str) -> dict[str, Any]:
    return json.loads(deployment.flow('show', operation, '-o', 'json').stdout)


def test_missing_program_stops_no_start(deployment: Deployment) -> None:
    """One warning, and it serves."""
    until(lambda: 'ends it' in deployment.said() or 'Ctrl-C' in deployment.said(), what='all is said')
    assert deployment.said().count(REASON) == 1
    assert deployment.ready()


def test_why_and_fault_name_the_reason_and_the_remedy(deployment: Deployment, held: tuple[str, str]) -> None:
    instance, operation = held
    why = deployment.flow('why', operation).stdout
    assert REASON in why
    assert 'resume' in why
    seen = deployment.instance(instance)
    assert seen['status'] == 'ERROR'
    assert seen['fault']['message'].startswith(f'create stopped at step {STOPPED}: ')
    assert REASON in seen['fault']['message']
    assert seen['fault']['message'].endswith(f'Operation {operation}; an operator can resume it.')
    deployment.gone(instance)


def test_abort_leaves_the_row_that_says_why(deployment: Deployment) -> None:
    before = used(deployment) if deployment.book.rows('SELECT 1 FROM quotas') else {}
    instance, operation = deployment.create('aborted')
    deployment.reach(operation, 'HELD')
    assert used(deployment) != before
    deployment.flow('abort', operation, '--reason', 'no need', '--yes')
    deployment.reach(operation, 'ABORTED')
    assert deployment.traces.left(instance) == {}
    assert {name: count for name, count in used(deployment).items() if count} == {k: v for k, v in before.items() if v}
    assert deployment.book.rows('SELECT 1 FROM secrets WHERE owner IN (?, ?)', instance, operation) == []
    assert deployment.book.rows('SELECT 1 FROM operation_lock WHERE resource_id = ?', instance) == []
    seen = deployment.instance(instance)
    assert seen['status'] == 'ERROR'
    assert 'no need' in seen['fault']['message']
    deployment.gone(instance)


def test_skip_goes_on_after_the_step(deployment: Deployment, held: tuple[str, str]) -> None:
    instance, operation = held
    before = deployment.book.done(operation)
    deployment.flow('skip', operation, '--step', STOPPED, '--reason', 'started by hand', '--yes')
    deployment.reach(operation, 'SUCCEEDED')
    assert deployment.book.done(operation) == [*before, ('publish-endpoint', 1)]
    (step,) = [step for step in shown(deployment, operation)['steps'] if step['name'] == STOPPED]
    assert step['state'] == 'SKIPPED'
    assert step['attested_by']
    deployment.gone(instance)
    assert deployment.traces.left(instance) == {}


def test_resume_with_the_mended_option(deployment: Deployment, held: tuple[str, str]) -> None:
    """From the step it stopped at, by the agent that was started before."""
    instance, operation = held
    agents, before = deployment.traces.agents(instance), deployment.book.done(operation)
    deployment.end()
    deployment.configure()
    deployment.up()
    assert deployment.book.state(operation) == 'HELD'

    deployment.flow('resume', operation, '--reason', 'the option is mended')
    deployment.flow('watch', operation)
    assert shown(deployment, operation)['state'] == 'SUCCEEDED'
    again = [('prepare-database', 2), ('start-database', 2), (STOPPED, 2), ('publish-endpoint', 1)]
    assert deployment.book.done(operation) == [*before, *again]
    assert deployment.traces.agents(instance) == agents
    assert deployment.traces.census(instance) == deployment.traces.once
    assert deployment.sql(deployment.login(instance, 'u', 'of-the-held'), 'SELECT 1') == '1'
    until(lambda: deployment.instance(instance)['status'] == 'ACTIVE', what='ACTIVE')
