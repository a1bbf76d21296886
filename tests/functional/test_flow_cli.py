"""The real `dbaas-flow`, as a process, against a real API and a real conductor on the simulated cloud."""

import json
import os
import pty
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import yaml

from dbaas.cli.flow import errors
from tests.functional.simulated_deployment import ADMIN, MEMBER, SimulatedDeployment
from tests.waiting import until

PROGRAM = os.path.join(os.path.dirname(sys.executable), 'dbaas-flow')
START_UP = 0.3  # seconds of CPU
CREATE = (
    'create-security-group', 'create-port', 'create-volume', 'create-server', 'wait-for-server', 'wait-for-guest',
    'prepare-database', 'start-database', 'wait-for-database', 'publish-endpoint',
)  # fmt: skip

Flow = Callable[..., subprocess.CompletedProcess]


@pytest.fixture
def deployment(tmp_path: Any) -> Iterator[SimulatedDeployment]:
    made = SimulatedDeployment(str(tmp_path))
    with made.working(), made.serving():
        yield made


def _environment(deployment: SimulatedDeployment, token: str = ADMIN['token']) -> dict[str, str]:
    bare = {name: value for name, value in os.environ.items() if not name.startswith('OS_')}
    return bare | {'OS_AUTH_TYPE': 'admin_token', 'OS_ENDPOINT': deployment.url, 'OS_TOKEN': token}


@pytest.fixture
def flow(deployment: SimulatedDeployment) -> Flow:
    def run(*args: str, code: int = 0, **options: Any) -> subprocess.CompletedProcess:
        env = _environment(deployment, **options)
        done = subprocess.run(
            [PROGRAM, *args], env=env, text=True, capture_output=True, stdin=subprocess.DEVNULL, timeout=60, check=False
        )
        assert done.returncode == code, done.stdout + done.stderr
        assert 'Traceback' not in done.stderr
        return done

    return run


def _held(deployment: SimulatedDeployment, flow: Flow, times: int = 1) -> str:
    """A create that stopped at create-server."""
    deployment.world.faults.plan('create_server', times=times)
    operation = deployment.create()
    flow('watch', operation, code=errors.HELD)
    return operation


def _steps(operation: dict[str, Any]) -> dict[str, str]:
    return {step['name']: step['state'] for step in operation['steps']}


def _attempts(deployment: SimulatedDeployment, operation: str) -> dict[str, int]:
    return {step['name']: step['attempt'] for step in deployment.operation(operation)['steps']}


def test_watch_tells_every_step_and_ends_with_the_operation(deployment: SimulatedDeployment, flow: Flow) -> None:
    operation = deployment.create()
    lines = flow('watch', operation).stdout.splitlines()
    done = [line.split()[2] for line in lines if line.split()[1] == 'done']
    assert sorted(done) == sorted(CREATE)
    assert lines[-1] == f'{operation} instance.create is SUCCEEDED'


def test_list_in_every_format(deployment: SimulatedDeployment, flow: Flow) -> None:
    first, second = deployment.create('one'), deployment.wait(0)
    for operation in (first, second):
        flow('watch', operation)
    rows = json.loads(flow('list', '-o', 'json').stdout)
    assert [row['id'] for row in rows] == [second, first], 'newest first'
    assert {'id', 'type', 'state', 'instance_id', 'created'} <= rows[0].keys()
    assert yaml.safe_load(flow('list', '-o', 'yaml').stdout) == rows
    table = flow('list')
    assert deployment.url in table.stderr
    assert [line.split()[0] for line in table.stdout.splitlines()] == ['ID', second, first]
    assert '\x1b' not in table.stdout

    assert [row['id'] for row in json.loads(flow('list', '--type', 'demo.wait', '-o', 'json').stdout)] == [second]
    assert [row['id'] for row in json.loads(flow('list', '--instance', 'one', '-o', 'json').stdout)] == [first]
    assert len(json.loads(flow('list', '--since', '1h', '--state', 'SUCCEEDED', '-o', 'json').stdout)) == 2
    assert json.loads(flow('list', '--state', 'HELD', '-o', 'json').stdout) == []
    assert len(json.loads(flow('list', '--limit', '1', '-o', 'json').stdout)) == 1


def test_list_follows_pages(deployment: SimulatedDeployment, flow: Flow) -> None:
    deployment.conf.set_override('page_size', 2, group='api')
    made = [deployment.wait(0) for _ in range(5)]
    rows = json.loads(flow('list', '-o', 'json').stdout)
    assert [row['id'] for row in rows] == made[::-1]
    assert [row['id'] for row in json.loads(flow('list', '--limit', '3', '-o', 'json').stdout)] == made[:1:-1]


def test_held_explained_resumed(deployment: SimulatedDeployment, flow: Flow) -> None:
    operation = _held(deployment, flow)
    prefix = operation[:8]
    shown = flow('show', prefix).stdout
    assert '✔ create-volume' in shown and '✘ create-server' in shown and '· publish-endpoint' in shown
    assert 'fault on demand' in shown
    why = flow('why', prefix).stdout
    assert 'create-server' in why and 'fault on demand' in why and f'dbaas-flow resume {operation}' in why
    flow('resume', prefix, '--reason', 'mended')
    flow('watch', prefix)
    assert _attempts(deployment, operation) == {name: 2 if name == 'create-server' else 1 for name in CREATE}
    events = json.loads(flow('events', prefix, '-o', 'json').stdout)
    assert [e['step'] for e in events if e['kind'] == 'done'].count('create-volume') == 1, 'no finished step again'


def test_held_aborted(deployment: SimulatedDeployment, flow: Flow) -> None:
    operation = _held(deployment, flow)
    assert '--yes' in flow('abort', operation, '--reason', 'wrong flavor', code=errors.USAGE).stderr
    flow('abort', operation, '--reason', 'wrong flavor', '--yes')
    flow('watch', operation, code=errors.ABORTED)
    assert deployment.world.cloud.resources() == []
    again = flow('abort', operation, '--reason', 'twice', '--yes', code=errors.CONFLICT)
    assert 'ABORTED' in again.stderr and len(again.stderr.splitlines()) == 1


def test_held_undo(deployment: SimulatedDeployment, flow: Flow) -> None:
    operation = _held(deployment, flow)
    deployment.world.faults.plan('delete_volume')
    flow('abort', operation, '--reason', 'wrong flavor', '--yes')
    flow('watch', operation, code=errors.HELD)
    assert 'ABORT_HELD' in flow('show', operation).stdout
    flow('resume', operation, '--reason', 'mended')
    flow('watch', operation, code=errors.ABORTED)


def test_skip_attests(deployment: SimulatedDeployment, flow: Flow) -> None:
    deployment.world.faults.plan('create_security_group')
    operation = deployment.create()
    flow('watch', operation, code=errors.HELD)
    flow('skip', operation, '--output', '{"id": "by-hand"}', '--reason', 'made by hand', '--yes')
    flow('watch', operation)
    shown = json.loads(flow('show', operation, '-o', 'json').stdout)
    step = next(s for s in shown['steps'] if s['name'] == 'create-security-group')
    assert (step['state'], step['attested_by']) == ('SKIPPED', 'admin')
    assert 'made by hand' in flow('events', operation).stdout


def test_pause_survives_and_resumes(deployment: SimulatedDeployment, flow: Flow) -> None:
    operation = deployment.wait(0.2)
    until(lambda: deployment.operation(operation)['state'] == 'WAITING', what='parked')
    flow('pause', operation, '--reason', 'maintenance')
    assert deployment.operation(operation)['state'] == 'PAUSED'
    late = flow('watch', operation, '--timeout', '0', code=errors.TIMED_OUT)
    assert 'still PAUSED' in late.stderr
    flow('resume', operation, '--reason', 'over')
    flow('watch', operation)


def test_retry_now_does_not_wait_for_the_timer(deployment: SimulatedDeployment, flow: Flow) -> None:
    deployment.conf.set_override('poll_interval', 3600, group='flows')
    deployment.world.guests.duration = None  # commands end when they are told to
    operation = deployment.create()
    until(lambda: deployment.operation(operation)['step'] == 'wait-for-database', what='parked')
    until(lambda: deployment.operation(operation)['state'] == 'WAITING', what='parked')
    assert 'waits for' in flow('show', operation).stdout
    with deployment.world.state.change() as document:  # the command ends, and the report is lost
        for guest in document['guests'].values():
            for row in guest['ledger'].values():
                row.update(state='succeeded', told=True)
    flow('retry-now', operation, '--reason', 'the report was lost')
    flow('watch', operation)


def test_plans_change_nothing(deployment: SimulatedDeployment, flow: Flow) -> None:
    flow('watch', deployment.create('db1'))
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


def test_graphs(deployment: SimulatedDeployment, flow: Flow) -> None:
    operation = deployment.wait(0)
    flow('watch', operation)
    assert 's0 -> s1;' in flow('show', operation, '--graph', 'dot').stdout
    assert 's1 --> s2' in flow('show', operation, '--graph', 'mermaid').stdout


def test_a_member_sees_but_does_not_steer(deployment: SimulatedDeployment, flow: Flow) -> None:
    operation = _held(deployment, flow)
    flow('show', operation, token=MEMBER['token'])
    flow('resume', operation, '--reason', 'r', code=errors.UNAUTHORIZED, token=MEMBER['token'])
    refused = flow('list', code=errors.UNAUTHORIZED, token='nobody')
    assert 'OS_TOKEN' in refused.stderr and len(refused.stderr.splitlines()) == 1
    flow('show', 'ffffffff-ffff-4fff-bfff-ffffffffffff', code=errors.NOT_FOUND)


def test_watch_outlives_a_restart_of_the_api(tmp_path: Any) -> None:
    deployment = SimulatedDeployment(str(tmp_path))
    with deployment.working():
        with deployment.serving():
            operation = deployment.wait(1.0)
            watching = subprocess.Popen(
                [PROGRAM, 'watch', operation, '--interval', '0.05'],
                env=_environment(deployment), text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            )  # fmt: skip
            assert watching.stdout is not None
            assert 'accepted' in watching.stdout.readline()
        gone = subprocess.run(
            [PROGRAM, 'list'], env=_environment(deployment), text=True, capture_output=True, check=False
        )
        assert gone.returncode == errors.UNREACHABLE
        assert 'does the API run?' in gone.stderr
        with deployment.serving():
            out, err = watching.communicate(timeout=30)
    assert watching.returncode == 0, err
    assert out.splitlines()[-1].endswith('is SUCCEEDED')


def test_ctrl_c_ends_a_watch(deployment: SimulatedDeployment) -> None:
    operation = deployment.wait(600)
    watching = subprocess.Popen(
        [PROGRAM, 'watch', operation], env=_environment(deployment), text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    assert watching.stdout is not None
    assert 'accepted' in watching.stdout.readline()
    watching.send_signal(signal.SIGINT)
    _, err = watching.communicate(timeout=10)
    assert watching.returncode == 130
    assert 'Traceback' not in err


def test_a_closed_pipe_is_no_error(deployment: SimulatedDeployment, flow: Flow) -> None:
    flow('watch', deployment.wait(0))
    line = f'"{PROGRAM}" list | true'
    done = subprocess.run(['bash', '-o', 'pipefail', '-c', line], env=_environment(deployment), capture_output=True)
    assert b'Traceback' not in done.stderr and b'BrokenPipe' not in done.stderr


def _on_terminal(env: dict[str, str], *args: str, typed: str = '') -> tuple[int, str]:
    """Run on a pseudo-terminal of 100 columns. -> exit code, what the terminal received."""
    master, slave = pty.openpty()
    env = env | {'TERM': 'xterm-256color', 'COLUMNS': '100', 'LINES': '40'}
    child = subprocess.Popen([PROGRAM, *args], env=env, stdin=slave, stdout=slave, stderr=slave)
    os.close(slave)
    os.write(master, typed.encode())
    received = b''
    while True:
        try:
            part = os.read(master, 65536)
        except OSError:  # the other end is closed
            break
        if not part:
            break
        received += part
    os.close(master)
    return child.wait(10), received.decode()


def test_a_terminal_gets_colour_and_live_steps(deployment: SimulatedDeployment) -> None:
    env = _environment(deployment)
    operation = deployment.wait(0.3)
    code, seen = _on_terminal(env, 'watch', operation)
    assert code == 0
    assert '\x1b[' in seen and 'SUCCEEDED' in seen and 'wait-for-alarm' in seen
    code, seen = _on_terminal(env, 'list')
    assert code == 0
    assert operation[:8] in seen and operation not in seen, 'ids are shortened to fit'


def test_a_terminal_is_asked(deployment: SimulatedDeployment) -> None:
    env = _environment(deployment)
    operation = deployment.wait(600)
    until(lambda: deployment.operation(operation)['state'] == 'WAITING', what='parked')
    code, seen = _on_terminal(env, 'abort', operation, '--reason', 'r', typed='n\n')
    assert code == 130
    assert 'To be undone' in seen and 'set-alarm' in seen and deployment.url in seen
    assert deployment.operation(operation)['state'] == 'WAITING'
    code, _ = _on_terminal(env, 'abort', operation, '--reason', 'r', typed='y\n')
    assert code == 0
    until(lambda: deployment.operation(operation)['state'] == 'ABORTED', what='undone')


def test_start_up_is_fast() -> None:
    """CPU time of the fastest of some runs: other work on the machine must not decide."""

    def once() -> float:
        before = os.times()
        subprocess.run([PROGRAM, '--help'], stdout=subprocess.DEVNULL, check=True)
        after = os.times()
        return after.children_user + after.children_system - before.children_user - before.children_system

    assert min(once() for _ in range(5)) < START_UP


def test_an_answer_costs_no_more_than_it_must(deployment: SimulatedDeployment, flow: Flow) -> None:
    flow('watch', deployment.wait(0))
    begun = time.monotonic()
    for _ in range(3):
        flow('list', '-o', 'json')
    assert (time.monotonic() - begun) / 3 < 3
