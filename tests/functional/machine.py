"""What a deployment has on this machine, found without asking it: processes, mounts, loop devices, addresses, files."""

import contextlib
import glob
import os
import pathlib
from collections.abc import Iterator


def processes(text: str) -> dict[int, list[str]]:
    """{pid: arguments} of the living processes with `text` in their command line; this one is not among them."""
    return {pid: line for pid, line in _command_lines() if any(text in word for word in line) and pid != os.getpid()}


def _command_lines() -> Iterator[tuple[int, list[str]]]:
    for name in filter(str.isdigit, os.listdir('/proc')):
        with contextlib.suppress(OSError), open(f'/proc/{name}/cmdline', 'rb') as text:
            yield int(name), text.read().decode(errors='replace').split('\0')[:-1]


class Traces:
    """Of one deployment: `state` and `addresses` are its state directory and its folder of address files."""

    once = {'agents': 1, 'servers': 1, 'volumes': 1, 'addresses': 1}  # the census of an instance that is whole

    def __init__(self, state: pathlib.Path, addresses: pathlib.Path):
        self.state, self.addresses = state, addresses

    @property
    def runtime(self) -> pathlib.Path:
        """Where its sockets and mounts are; it is written down at the first start."""
        return pathlib.Path((self.state / 'runtime').read_text().strip())

    def record(self, instance: str) -> pathlib.Path:
        return self.state / 'instances' / instance

    def agents(self, instance: str) -> list[int]:
        config = str(self.record(instance) / 'agent.json')
        return [pid for pid, line in processes(config).items() if config in line]

    def servers(self, instance: str) -> list[int]:
        """Those that really are database servers: what the fixed names promise."""
        mark = str(self.record(instance))
        return [pid for pid, line in processes(mark).items() if any('mariadbd' in word for word in line)]

    def volumes(self, instance: str) -> list[str]:
        """Images, or folders with data where there are no images."""
        images = glob.glob(f'{self.record(instance)}/*.img*')
        return images or glob.glob(f'{self.record(instance)}/data')

    def address_files(self, instance: str = '') -> list[str]:
        """Addresses taken for an instance, or for all of this deployment."""
        owner = str(self.record(instance)) if instance else f'{self.state}/instances/'
        names = os.listdir(self.addresses) if self.addresses.exists() else []
        return [name for name in names if _text(self.addresses / name).startswith(owner)]

    def census(self, instance: str) -> dict[str, int]:
        """How many there are of what there must be one of."""
        return {
            'agents': len(self.agents(instance)),
            'servers': len(self.servers(instance)),
            'volumes': len(self.volumes(instance)),
            'addresses': len(self.address_files(instance)),
        }

    def left(self, instance: str) -> dict[str, list[str]]:
        """Everything on this machine that names an instance, by kind; {} when nothing is left."""
        found = {
            'processes': [f'{pid} {line}' for pid, line in processes(instance).items()],
            'mounts': [line for line in _lines('/proc/self/mounts') if instance in line],
            'loop devices': [line for line in _backing_files() if instance in line],
            'addresses': self.address_files(instance),
            'files': [path for above in (self.state, self.runtime) for path in _named(above, instance)],
            'cgroups': glob.glob(f'/sys/fs/cgroup/**/{instance}', recursive=True),
        }
        return {kind: things for kind, things in found.items() if things}

    def running(self) -> dict[str, list[str]]:
        """What must be gone after `dbaas down`, by kind."""
        found = {
            'processes': [f'{pid} {line}' for pid, line in processes(str(self.state)).items()],
            'mounts': [line for line in _lines('/proc/self/mounts') if f'{self.runtime}/' in line],
            'loop devices': [line for line in _backing_files() if line.startswith(f'{self.state}/')],
            'files': [str(path) for path in self.runtime.glob('*')],
            'cgroups': glob.glob(f'/sys/fs/cgroup/**/{self.runtime.name}', recursive=True),
        }
        return {kind: things for kind, things in found.items() if things}


def _lines(path: str) -> list[str]:
    with open(path) as text:
        return text.read().splitlines()


def _text(path: pathlib.Path) -> str:
    """Empty of a file that goes just now."""
    with contextlib.suppress(FileNotFoundError):
        return path.read_text()
    return ''


def _backing_files() -> Iterator[str]:
    for path in glob.glob('/sys/block/loop*/loop/backing_file'):
        with contextlib.suppress(OSError):
            yield from _lines(path)


def _named(above: pathlib.Path, name: str) -> Iterator[str]:
    for folder, folders, files in os.walk(above):
        yield from (os.path.join(folder, found) for found in [*folders, *files] if name in found)
