"""A verb for many: the pace, being stopped in the middle, and what is asked for before."""

from typing import Any

import pytest
from click.testing import CliRunner, Result

from dbaas.cli.flow import bulk, errors
from dbaas.cli.flow.main import NAME, cli
from dbaas.cli.program import INTERRUPTED
from tests.unit.cli import samples
from tests.unit.cli.canned_api import Answer, Canned, Request, serving

IDS = [f'0b7f1a52-64a3-4a2e-9d0c-2f5c3c1f9a{n}' for n in range(10, 15)]
ALL = ('resume', '--all', '--state', 'HELD', '--rate', '1000', '--reason', 'r')


class Api:
    """Five held operations; `refuse`: {id: status of the answer to an order}."""

    def __init__(self) -> None:
        self.refuse: dict[str, int] = {}
        self.ordered: list[str] = []

    def __call__(self, request: Request) -> Answer:
        if request.method == 'GET':
            left = [samples.operation('HELD', id=i) for i in reversed(IDS) if i not in self.ordered]
            return 200, {'operations': left, 'links': []}
        operation_id = request.path.split('/')[-2]
        if operation_id in self.refuse:
            return self.refuse[operation_id], {'conflict': {'message': 'no'}}
        self.ordered.append(operation_id)
        return 202, {'operation': samples.operation('QUEUED', id=operation_id)}


def _run(canned: Canned, *args: str, **options: Any) -> Result:
    env = {'OS_AUTH_TYPE': 'admin_token', 'OS_ENDPOINT': canned.url, 'OS_TOKEN': 'secret-token'}
    return CliRunner().invoke(cli, args, env=env, prog_name=NAME, **options)


def test_the_pace() -> None:
    now, times = 100.0, []

    def sleep(seconds: float) -> None:
        nonlocal now
        now += seconds

    wait = bulk._pace(4.0, lambda: now, sleep)
    for took in (0.0, 0.0, 5.0, 0.0):
        wait()
        times.append(now)
        now += took
    assert times == [100.0, 100.25, 100.5, 105.5], 'what was late is not made up for by a burst'


@pytest.mark.parametrize(('said', 'per_second'), [('5', 5.0), ('5/s', 5.0), ('30/m', 0.5), ('0.5/s', 0.5)])
def test_rates(said: str, per_second: float) -> None:
    assert bulk.Rate().convert(said, None, None) == per_second


def test_interrupted_it_says_so_and_goes_on_when_run_again(monkeypatch: pytest.MonkeyPatch) -> None:
    api, real = Api(), bulk._pace

    def interrupted(rate: float) -> Any:
        wait = real(rate)

        def once() -> None:
            if len(api.ordered) == 2:
                raise KeyboardInterrupt
            wait()

        return once

    with serving(api) as canned:
        with monkeypatch.context() as patch:
            patch.setattr(bulk, '_pace', interrupted)
            result = _run(canned, *ALL)
        assert result.exit_code == INTERRUPTED
        assert 'resume: 2 accepted, 0 refused, 3 not tried; interrupted; run it again to go on' in result.stderr
        assert api.ordered == IDS[:2]
        assert _run(canned, *ALL).exit_code == 0
    assert api.ordered == IDS


def test_one_refusal_stops_nobody_else() -> None:
    api = Api()
    api.refuse = {IDS[1]: 409, IDS[3]: 404}
    with serving(api) as canned:
        result = _run(canned, *ALL)
    assert result.exit_code == errors.PARTLY
    assert '3 accepted, 2 refused' in result.stderr
    assert f'2/5 refused  {IDS[1]}: no' in result.stdout


@pytest.mark.parametrize(('status', 'code'), [(503, errors.UNREACHABLE), (403, errors.UNAUTHORIZED)])
def test_what_would_refuse_all_of_them_stops_at_once(status: int, code: int) -> None:
    api = Api()
    api.refuse = {IDS[1]: status}
    with serving(api) as canned:
        result = _run(canned, *ALL)
    assert result.exit_code == code
    assert '1 accepted, 0 refused, 4 not tried; stopped; run it again to go on' in result.stderr
    assert api.ordered == IDS[:1]


@pytest.mark.parametrize(
    'args',
    [
        ('resume', '--all', '--reason', 'r'),
        ('resume', '--all', '--state', 'HELD'),
        ('resume', '--reason', 'r'),
        ('resume', samples.ID, '--all', '--state', 'HELD', '--reason', 'r'),
        ('resume', samples.ID, '--state', 'HELD', '--reason', 'r'),
        ('resume', samples.ID, '--rate', '5', '--reason', 'r'),
        ('resume', '--all', '--state', 'HELD', '--reason', 'r', '--rate', 'fast'),
        ('resume', '--all', '--state', 'HELD', '--reason', 'r', '--rate', '0'),
        ('skip', '--all', '--state', 'HELD', '--reason', 'r', '--yes'),
        ('abort', '--all', '--state', 'HELD', '--reason', 'r'),
    ],
)
def test_what_is_missing_or_does_not_go_together(args: tuple[str, ...]) -> None:
    api = Api()
    with serving(api) as canned:
        result = _run(canned, *args)
    assert result.exit_code == errors.USAGE, result.output
    assert not api.ordered


def test_a_dry_run_needs_no_reason_and_orders_nothing() -> None:
    api = Api()
    with serving(api) as canned:
        result = _run(canned, 'abort', '--all', '--state', 'HELD', '--dry-run')
    assert result.exit_code == 0 and not api.ordered
    assert '5 would get the order; nothing was done' in result.stderr
    assert [line.split()[0] for line in result.stdout.splitlines()[1:]] == IDS


def test_a_person_is_asked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr('dbaas.cli.flow.orders.asks', lambda verb, yes: not yes)
    for answer, code, ordered in (('n', 1, []), ('y', 0, IDS)):
        api = Api()
        with serving(api) as canned:
            result = _run(canned, *ALL, input=answer)
        assert result.exit_code == code and api.ordered == ordered
        assert 'resume all 5?' in result.stderr and '5 instance.create HELD' in result.stderr
