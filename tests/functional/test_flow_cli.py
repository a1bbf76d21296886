"""The real `dbaas-flow`, as a process, against a real API and a real conductor on the simulated cloud."""

import json
from typing import Any

import yaml

from dbaas.cli.flow import errors
from tests.functional.flow_program import FlowProgram
from tests.functional.simulated_deployment import MEMBER, SimulatedDeployment
from tests.waiting import until

pytest_plugins = ['tests.functional.flow_fixtures']

CREATE = (
    'check-cloud-quota', 'create-security-group', 'create-port', 'create-floating-ip', 'create-management-port',
    'create-server-group', 'create-volume', 'wait-for-volume', 'create-bus-account', 'create-server', 'wait-for-server',
    'wait-for-guest', 'prepare-database', 'start-database', 'wait-for-database', 'publish-endpoint',
)  # fmt: skip


def _held(simulated: SimulatedDeployment, flow: FlowProgram, times: int = 1) -> str:
    """A create that stopped at create-server."""
    simulated.world.faults.plan('create_server', times=times)
    operation = simulated.create()
    flow('watch', operation, code=errors.HELD)
    return operation


def _parked(simulated: SimulatedDeployment) -> str:
    """A create that waits for a command of the guest; `simulated.finish_commands()` ends that."""
    simulated.world.guests.duration = None
    operation = simulated.create()

    def parked() -> bool:
        found = simulated.operation(operation)
        return (found['state'], found['step']) == ('WAITING', 'wait-for-database')

    until(parked, what='waiting for the database')
    return operation


def _attempts(simulated: SimulatedDeployment, operation: str) -> dict[str, int]:
    return {step['name']: step['attempt'] for step in simulated.operation(operation)['steps']}


def test_watch_tells_every_step_and_ends_with_the_operation(simulated: SimulatedDeployment, flow: FlowProgram) -> None:
    operation = simulated.create()
    lines = flow('watch', operation).stdout.splitlines()
    done = [line.split()[2] for line in lines if line.split()[1] == 'done']
    assert sorted(done) == sorted(CREATE)
    assert lines[-1] == f'{operation} instance.create is SUCCEEDED'


def test_list_in_every_format(simulated: SimulatedDeployment, flow: FlowProgram) -> None:
    first, second = simulated.create('one'), simulated.wait(0)
    for operation in (first, second):
        flow('watch', operation)
    rows = json.loads(flow('list', '-o', 'json').stdout)
    assert [row['id'] for row in rows] == [second, first], 'newest first'
    assert {'id', 'type', 'state', 'instance_id', 'created'} <= rows[0].keys()
    assert yaml.safe_load(flow('list', '-o', 'yaml').stdout) == rows
    table = flow('list')
    assert simulated.url in table.stderr
    assert [line.split()[0] for line in table.stdout.splitlines()] == ['ID', second, first]
    assert '\x1b' not in table.stdout

    assert [row['id'] for row in json.loads(flow('list', '--type', 'demo.wait', '-o', 'json').stdout)] == [second]
    assert [row['id'] for row in json.loads(flow('list', '--instance', 'one', '-o', 'json').stdout)] == [first]
    assert len(json.loads(flow('list', '--since', '1h', '--state', 'SUCCEEDED', '-o', 'json').stdout)) == 2
    assert json.loads(flow('list', '--state', 'HELD', '-o', 'json').stdout) == []
    assert len(json.loads(flow('list', '--limit', '1', '-o', 'json').stdout)) == 1


def test_list_follows_pages(simulated: SimulatedDeployment, flow: FlowProgram) -> None:
    simulated.conf.set_override('page_size', 2, group='api')
    made = [simulated.wait(0) for _ in range(5)]
    rows = json.loads(flow('list', '-o', 'json').stdout)
    assert [row['id'] for row in rows] == made[::-1]
    assert [row['id'] for row in json.loads(flow('list', '--limit', '3', '-o', 'json').stdout)] == made[:1:-1]


def test_held_explained_resumed(simulated: SimulatedDeployment, flow: FlowProgram) -> None:
    operation = _held(simulated, flow)
    prefix = operation[:8]
    shown = flow('show', prefix).stdout
    assert '✔ create-volume' in shown and '✘ create-server' in shown and '· publish-endpoint' in shown
    assert 'fault on demand' in shown
    why = flow('why', prefix).stdout
    assert 'create-server' in why and 'fault on demand' in why and f'dbaas-flow resume {operation}' in why
    flow('resume', prefix, '--reason', 'mended')
    flow('watch', prefix)
    assert _attempts(simulated, operation) == {name: 2 if name == 'create-server' else 1 for name in CREATE}
    events = json.loads(flow('events', prefix, '-o', 'json').stdout)
    assert [e['step'] for e in events if e['kind'] == 'done'].count('create-volume') == 1, 'no finished step again'


def test_held_aborted(simulated: SimulatedDeployment, flow: FlowProgram) -> None:
    operation = _held(simulated, flow)
    assert '--yes' in flow('abort', operation, '--reason', 'wrong flavor', code=errors.USAGE).stderr
    flow('abort', operation, '--reason', 'wrong flavor', '--yes')
    flow('watch', operation, code=errors.ABORTED)
    assert simulated.world.cloud.resources() == []
    again = flow('abort', operation, '--reason', 'twice', '--yes', code=errors.CONFLICT)
    assert 'ABORTED' in again.stderr and len(again.stderr.splitlines()) == 1


def test_held_undo(simulated: SimulatedDeployment, flow: FlowProgram) -> None:
    operation = _held(simulated, flow)
    simulated.world.faults.plan('delete_volume')
    flow('abort', operation, '--reason', 'wrong flavor', '--yes')
    flow('watch', operation, code=errors.HELD)
    assert 'ABORT_HELD' in flow('show', operation).stdout
    flow('resume', operation, '--reason', 'mended')
    flow('watch', operation, code=errors.ABORTED)


def test_skip_attests(simulated: SimulatedDeployment, flow: FlowProgram) -> None:
    simulated.world.faults.plan('create_security_group')
    operation = simulated.create()
    flow('watch', operation, code=errors.HELD)
    flow('skip', operation, '--output', '{"id": "by-hand"}', '--reason', 'made by hand', '--yes')
    flow('watch', operation)
    shown = json.loads(flow('show', operation, '-o', 'json').stdout)
    step = next(s for s in shown['steps'] if s['name'] == 'create-security-group')
    assert (step['state'], step['attested_by']) == ('SKIPPED', 'admin')
    assert 'made by hand' in flow('events', operation).stdout


def test_pause_lasts_until_resume(simulated: SimulatedDeployment, flow: FlowProgram) -> None:
    operation = _parked(simulated)
    flow('pause', operation, '--reason', 'maintenance')
    simulated.finish_commands()
    late = flow('watch', operation, '--timeout', '0', code=errors.TIMED_OUT)
    assert 'still PAUSED' in late.stderr
    flow('resume', operation, '--reason', 'over')
    flow('watch', operation)


def test_retry_now_does_not_wait_for_the_timer(simulated: SimulatedDeployment, flow: FlowProgram) -> None:
    simulated.conf.set_override('poll_interval', 3600, group='flows')
    operation = _parked(simulated)
    assert 'waits for' in flow('show', operation).stdout
    with simulated.world.state.change() as document:  # the command ends, and the report is lost
        for guest in document['guests'].values():
            for row in guest['ledger'].values():
                row.update(state='succeeded', told=True)
    flow('retry-now', operation, '--reason', 'the report was lost')
    flow('watch', operation)


def test_plans_change_nothing(simulated: SimulatedDeployment, flow: FlowProgram) -> None:
    flow('watch', simulated.create('db1'))
    before = len(json.loads(flow('list', '-o', 'json').stdout))
    plan = json.loads(
        flow(
            'plan', 'create', 'db2', '--flavor', 'tiny', '--size', '1', '--datastore', 'mariadb', '-o', 'json'
        ).stdout
    )  # fmt: skip
    assert [step['name'] for step in plan['steps']] == list(CREATE)
    assert plan['quota']['instances']['adds'] == 1
    assert plan['expected_duration'] is not None, 'there is history'
    assert 'cannot be aborted' in flow('plan', 'delete', 'db1').stdout
    assert len(json.loads(flow('list', '-o', 'json').stdout)) == before
    refused = flow('plan', 'create', 'x', '--flavor', 'tiny', '--size', '1000', code=errors.REFUSED)
    assert len(refused.stderr.splitlines()) == 1
    flow('plan', 'create', 'x', '--flavor', 'none', '--size', '1', code=errors.NOT_FOUND)
    flow('plan', 'delete', 'none', code=errors.NOT_FOUND)


def test_graphs(simulated: SimulatedDeployment, flow: FlowProgram) -> None:
    operation = simulated.wait(0)
    flow('watch', operation)
    assert 's0 -> s1;' in flow('show', operation, '--graph', 'dot').stdout
    assert 's1 --> s2' in flow('show', operation, '--graph', 'mermaid').stdout


def test_a_member_sees_but_does_not_steer(simulated: SimulatedDeployment, flow: FlowProgram) -> None:
    operation = _held(simulated, flow)
    flow('show', operation, token=MEMBER['token'])
    flow('resume', operation, '--reason', 'r', code=errors.UNAUTHORIZED, token=MEMBER['token'])
    refused = flow('list', code=errors.UNAUTHORIZED, token='nobody')
    assert 'OS_TOKEN' in refused.stderr and len(refused.stderr.splitlines()) == 1
    flow('show', 'ffffffff-ffff-4fff-bfff-ffffffffffff', code=errors.NOT_FOUND)


def test_watch_outlives_a_restart_of_the_api(tmp_path: Any) -> None:
    simulated = SimulatedDeployment(str(tmp_path))
    flow = FlowProgram(simulated)
    with simulated.working():
        with simulated.serving():
            operation = _parked(simulated)
            watching = flow.start('watch', operation, '--interval', '0.05')
            assert 'accepted' in watching.stdout.readline()
        assert 'does the API run?' in flow('list', code=errors.UNREACHABLE).stderr
        simulated.finish_commands()
        with simulated.serving():
            out, err = watching.communicate(timeout=30)
    assert watching.returncode == 0, err
    assert out.splitlines()[-1].endswith('is SUCCEEDED')
