"""What machines leave outside the folder of a bed: removed by the names that are this bed's alone."""

import contextlib
import os
import pathlib
import re
import signal

from tests.servers.openstack.plugins.bed import boot, disks, names
from tests.servers.openstack.plugins.bed.command import run


def wipe(state: pathlib.Path) -> None:
    """Machines, mounts, network namespaces, interfaces, loop devices, cgroups. Repeatable, also after a kill."""
    tag = names.tag(str(state))
    for controller in names.CONTROLLERS:
        boot.empty(names.cgroup(str(state), controller))
    for pid in _machines(state):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    for space in _listed('/run/netns'):
        if space.startswith(f'dbaas-os-{tag}-'):
            run('ip', 'netns', 'delete', space)
    for root in _mounts(f'{state}/'):
        disks.unmount(root)
    for name in _listed('/sys/class/net'):
        if re.match(f'o[bwi]{tag}', name):
            run('ip', 'link', 'delete', name, check=False)  # its peer may have taken it along
    for line in run('losetup', '--list', '--noheadings', '--output', 'NAME,BACK-FILE').splitlines():
        device, _, file = line.partition(' ')
        if file.strip().startswith(f'{state}/'):
            run('losetup', '-d', device)


def there(state: pathlib.Path) -> list[str]:
    """What `wipe` would remove, for people."""
    tag = names.tag(str(state))
    found = [f'namespace {name}' for name in _listed('/run/netns') if name.startswith(f'dbaas-os-{tag}-')]
    found += [f'interface {name}' for name in _listed('/sys/class/net') if re.match(f'o[bwi]{tag}', name)]
    found += [f'mount {root}' for root in _mounts(f'{state}/')]
    files = run('losetup', '--list', '--noheadings', '--output', 'BACK-FILE').splitlines()
    found += [f'loop of {file}' for file in files if file.startswith(f'{state}/')]
    found += [f'machine {pid}' for pid in _machines(state)]
    return found


def _machines(state: pathlib.Path) -> list[int]:
    mark = f'--directory={state}/machines/'.encode()
    found = []
    for number in filter(str.isdigit, os.listdir('/proc')):
        try:
            words = pathlib.Path('/proc', number, 'cmdline').read_bytes().split(b'\0')
        except OSError:
            continue
        if any(word.startswith(mark) for word in words):
            found.append(int(number))
    return found


def _mounts(prefix: str) -> list[str]:
    """Inner ones first."""
    with open('/proc/self/mounts') as text:
        return sorted((line.split()[1] for line in text if line.split()[1].startswith(prefix)), reverse=True)


def _listed(folder: str) -> list[str]:
    return os.listdir(folder) if os.path.isdir(folder) else []
