"""`dbaas-flow` where a person sits: terminal, Ctrl-C, closed pipes, and how long it takes to start."""

import os
import pty
import signal
import subprocess

from tests.functional.flow_program import PROGRAM, FlowProgram
from tests.functional.simulated_deployment import SimulatedDeployment
from tests.waiting import until

pytest_plugins = ['tests.functional.flow_fixtures']

START_UP = 0.3  # seconds of CPU


def test_ctrl_c_ends_a_watch(simulated: SimulatedDeployment, flow: FlowProgram) -> None:
    watching = flow.start('watch', simulated.wait(600))
    assert 'accepted' in watching.stdout.readline()
    watching.send_signal(signal.SIGINT)
    _, err = watching.communicate(timeout=30)
    assert watching.returncode == 130
    assert 'Traceback' not in err


def test_a_closed_pipe_is_no_error(simulated: SimulatedDeployment, flow: FlowProgram) -> None:
    flow('watch', simulated.wait(0))
    done = subprocess.run(
        ['bash', '-c', f'"{PROGRAM}" list | true'], env=flow.environment(), capture_output=True, check=False
    )
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
    return child.wait(30), received.decode()


def test_a_terminal_gets_colour_and_live_steps(simulated: SimulatedDeployment, flow: FlowProgram) -> None:
    env = flow.environment()
    operation = simulated.wait(0.3)
    code, seen = _on_terminal(env, 'watch', operation)
    assert code == 0
    assert '\x1b[' in seen and 'SUCCEEDED' in seen and 'wait-for-alarm' in seen
    code, seen = _on_terminal(env, 'list')
    assert code == 0
    assert operation[:8] in seen and operation not in seen, 'ids are shortened to fit'


def test_a_terminal_is_asked(simulated: SimulatedDeployment, flow: FlowProgram) -> None:
    env = flow.environment()
    operation = simulated.wait(600)
    until(lambda: simulated.operation(operation)['state'] == 'WAITING', what='parked')
    code, seen = _on_terminal(env, 'abort', operation, '--reason', 'r', typed='n\n')
    assert code == 130
    assert 'To be undone' in seen and 'set-alarm' in seen and simulated.url in seen
    assert simulated.operation(operation)['state'] == 'WAITING'
    code, _ = _on_terminal(env, 'abort', operation, '--reason', 'r', typed='y\n')
    assert code == 0
    until(lambda: simulated.operation(operation)['state'] == 'ABORTED', what='undone')


def test_start_up_is_fast() -> None:
    """CPU time of the fastest of some runs: other work on the machine must not decide."""

    def once() -> float:
        before = os.times()
        subprocess.run([PROGRAM, '--help'], stdout=subprocess.DEVNULL, check=True)
        after = os.times()
        return after.children_user + after.children_system - before.children_user - before.children_system

    assert min(once() for _ in range(5)) < START_UP
