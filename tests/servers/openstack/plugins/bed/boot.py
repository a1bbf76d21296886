"""Runs a machine by systemd-nspawn: its own systemd as process 1, in the network made before, within its flavor.

It outlives Nova. /dev is the container's own; limits hold where the controllers of version 1 are mounted.
"""

import contextlib
import os
import signal
import subprocess
import time

from . import disks, names, wiring

POWER_OFF = signal.SIGRTMIN + 4  # what systemd as process 1 takes for "power off"
PERIOD = 100_000  # microseconds


def start(machine, record: dict) -> None:
    os.makedirs(os.path.join(disks.folder(machine.folder), 'by-id'), exist_ok=True)
    space = wiring.namespace(machine.state, machine.server)
    command = [
        # from inside its network: what nspawn mounts as /sys shows that of its own start, and cloud-init looks there
        'nsenter', f'--net=/run/netns/{space}', 'systemd-nspawn', '--quiet', f'--directory={machine.root}',
        f'--machine={space}', f'--hostname={record["name"]}',
        f'--uuid={machine.server}', '--register=no', '--keep-unit', '--settings=no', '--console=read-only',
        f'--network-namespace-path=/run/netns/{space}', '--resolv-conf=off', '--timezone=off', '--link-journal=no',
        f'--bind={disks.folder(machine.folder)}:/dev/disk', '--boot',
        'systemd.show_status=0', 'systemd.journald.forward_to_console=1',  # the console shows the journal
    ]  # fmt: skip
    joining = ''.join(f'echo $$ > {folder}/cgroup.procs; ' for folder in _limit(machine, record))
    with open(machine.console, 'ab') as console:
        child = subprocess.Popen(
            ['sh', '-c', joining + 'exec "$@"', 'sh', *command], stdin=subprocess.DEVNULL, stdout=console,
            stderr=console, start_new_session=True, cwd='/', env=_environment(),
        )  # fmt: skip
    with open(_pid_file(machine.folder), 'w') as out:
        out.write(f'{child.pid} {_born(child.pid)}')


def _environment() -> dict[str, str]:
    found = {'PATH': '/usr/sbin:/usr/bin:/sbin:/bin', 'LANG': 'C.UTF-8'}
    if os.path.isdir(f'{names.CGROUPS}/unified'):  # a hybrid tree: what nspawn guesses there is wrong
        found['SYSTEMD_NSPAWN_UNIFIED_HIERARCHY'] = '0'
    return found


def _limit(machine, record: dict) -> list[str]:
    """-> folders of its cgroups, the flavor's limits set."""
    values = {
        'memory': {'memory.limit_in_bytes': record['memory'] << 20},
        'cpu': {'cpu.cfs_period_us': PERIOD, 'cpu.cfs_quota_us': PERIOD * record['cpus']},
    }
    made = []
    for controller in names.CONTROLLERS:
        if os.path.isdir(f'{names.CGROUPS}/{controller}'):
            made.append(names.cgroup(machine.state, controller, machine.server))
            os.makedirs(made[-1], exist_ok=True)
            for name, value in values[controller].items():
                with open(os.path.join(made[-1], name), 'w') as out:
                    out.write(str(value))
    return made


def running(folder: str) -> bool:
    return _pid(folder) is not None


def stop(machine, seconds: float) -> None:
    """Repeatable. seconds: how long its own shutdown may take, 0 for none."""
    pid = _pid(machine.folder)
    if pid is not None:
        leader = _leader(pid)
        if seconds and leader:
            with contextlib.suppress(ProcessLookupError):
                os.kill(leader, POWER_OFF)
            _await_end(machine.folder, seconds)
        for one in (leader, pid):
            if one and _pid(machine.folder) is not None:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(one, signal.SIGKILL)
                _await_end(machine.folder, 5)
    _sweep(machine)


def _await_end(folder: str, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while running(folder) and time.monotonic() < deadline:
        time.sleep(0.02)


def _sweep(machine) -> None:
    """Whatever is left in its cgroups, and these."""
    for controller in names.CONTROLLERS:
        empty(names.cgroup(machine.state, controller, machine.server))


def empty(cgroup: str) -> None:
    """End all processes of a cgroup and of those below, and remove them. What is not there is fine."""
    deadline = time.monotonic() + 10
    while os.path.isdir(cgroup):
        for folder, _, _ in os.walk(cgroup, topdown=False):
            with contextlib.suppress(OSError), open(os.path.join(folder, 'cgroup.procs')) as numbers:
                for number in numbers.read().split():
                    os.kill(int(number), signal.SIGKILL)
            with contextlib.suppress(OSError):
                os.rmdir(folder)
        if os.path.isdir(cgroup):
            if time.monotonic() > deadline:
                raise RuntimeError(f'{cgroup} cannot be emptied')
            time.sleep(0.02)


def _leader(pid: int) -> int | None:
    """Process 1 of the machine; None while there is none yet."""
    with contextlib.suppress(OSError, IndexError), open(f'/proc/{pid}/task/{pid}/children') as children:
        return int(children.read().split()[0])
    return None


def _pid(folder: str) -> int | None:
    """Of the nspawn that runs it; a number that is another process's by now does not count."""
    with contextlib.suppress(OSError, ValueError), open(_pid_file(folder)) as text:
        number, born = text.read().split()
        with contextlib.suppress(ChildProcessError):
            os.waitpid(int(number), os.WNOHANG)  # it may be a child of this process that has ended
        if _born(int(number)) == born:
            return int(number)
    return None


def _born(pid: int) -> str:
    """When it was started, in ticks; empty: it has ended."""
    with contextlib.suppress(OSError), open(f'/proc/{pid}/stat') as text:
        state, *rest = text.read().rpartition(')')[2].split()
        return '' if state in 'ZX' else rest[18]
    return ''


def _pid_file(folder: str) -> str:
    return os.path.join(folder, 'pid')
