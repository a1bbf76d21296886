"""Verbs on an operation that another process runs, and what the record says of them."""

import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.api.house import House
from tests.api.two_conductors import Deployment, deployed
from tests.waiting import until


@pytest.fixture
def two(template: str, tmp_path: Any) -> Iterator[Deployment]:
    house = House(template, str(tmp_path), clock=time.time)
    with deployed(house) as made:
        yield made
    house.db.close()


def _at(gate: Any) -> None:
    until(gate.entered.is_set, 60, 'the step to begin')


def test_pause_resume_and_abort_while_others_run_it(two: Deployment) -> None:
    two.start('conductor-1')
    operation = two.wait()
    _at(two.gates.first)
    shown = two.show(operation)
    assert (shown['state'], shown['conductor']) == ('RUNNING', 'conductor-1')
    assert (shown['steps'][0]['state'], shown['steps'][0]['conductor']) == ('RUNNING', 'conductor-1'), 'at once'
    assert two.order(operation, 'pause')['state'] == 'PAUSING'
    two.start('conductor-2')
    two.gates.first.open.set()
    two.reaches(operation, 'PAUSED')
    two.stop('conductor-1')
    two.gates.alarm.set()
    assert two.order(operation, 'resume')['state'] == 'QUEUED'
    _at(two.gates.last)
    assert two.show(operation)['conductor'] == 'conductor-2'
    assert two.order(operation, 'abort')['state'] == 'RUNNING'
    two.gates.last.broken = True
    two.gates.last.open.set()
    two.reaches(operation, 'ABORTED')
    assert two.ran(operation) == {'first': 'conductor-1', 'wait-for-alarm': 'conductor-2'}
    assert two.audit(operation) == [
        ('pause-requested', 'admin', 'pause it', 'RUNNING', 'RUNNING'),
        ('pause', 'admin', 'pause it', 'RUNNING', 'PAUSED'),
        ('resume', 'admin', 'resume it', 'PAUSED', 'QUEUED'),
        ('abort-requested', 'admin', 'abort it', 'RUNNING', 'RUNNING'),
        ('abort', 'admin', 'abort it', 'RUNNING', 'ABORTING'),
    ]


def test_retry_now_of_what_another_parked_and_skip_of_what_it_held(two: Deployment) -> None:
    two.start('conductor-1')
    two.gates.first.open.set()
    operation = two.wait()
    two.reaches(operation, 'WAITING')
    two.stop('conductor-1')
    two.start('conductor-2')
    two.gates.alarm.set()
    two.gates.last.broken = True
    two.gates.last.open.set()
    assert two.order(operation, 'retry-now')['state'] == 'QUEUED'
    assert two.reaches(operation, 'HELD')['step'] == 'last'
    two.order(operation, 'skip', step='last', output=None)
    two.reaches(operation, 'SUCCEEDED')
    assert two.ran(operation) == {'first': 'conductor-1', 'wait-for-alarm': 'conductor-2'}
    assert two.audit(operation) == [
        ('retry-now', 'admin', 'retry-now it', 'WAITING', 'QUEUED'),
        ('skip', 'admin', 'skip it', 'HELD', 'QUEUED'),
    ]


def test_a_request_that_comes_too_late_is_refused_on_the_record(two: Deployment) -> None:
    two.start('conductor-1')
    two.gates.alarm.set()
    two.gates.first.open.set()
    operation = two.wait()
    _at(two.gates.last)
    two.order(operation, 'pause')
    two.gates.last.open.set()
    two.reaches(operation, 'SUCCEEDED')
    assert two.audit(operation) == [
        ('pause-requested', 'admin', 'pause it', 'RUNNING', 'RUNNING'),
        ('pause-refused', 'admin', 'pause it', 'RUNNING', 'SUCCEEDED'),
    ]
    refused = next(
        e for e in two.house.get(f'/operations/{operation}/events')['events'] if e['kind'] == 'pause-refused'
    )
    assert refused['error'] == 'the operation ended: SUCCEEDED'
