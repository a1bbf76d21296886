"""The test cloud as a test sees it."""

import functools
import itertools
import pathlib
import subprocess

from openstack.connection import Connection

from tests.servers.openstack import lab, place, programs
from tests.servers.openstack.bed import Bed
from tests.servers.openstack.faults import Faults

CLOUDS = ('admin', 'demo', 'reader', 'other', 'dbaas', 'dbaas-password')


class Cloud:
    """Of a bed that is up. `facts`: what there is from the start, see `lab.furnish`.

    Cloud names (`people.py`): admin; demo and reader of project demo; other of project other; dbaas, the service user
    by its application credential, and dbaas-password, the same by password, both of project database-service.
    """

    def __init__(self, bed: Bed):
        self.bed = bed
        self.facts = bed.facts
        self.faults = Faults(bed.ports['faults'])
        self._blocks = itertools.count(lab.OWN_BLOCKS)

    @property
    def auth_url(self) -> str:
        """Keystone's, through the fault proxy as all public endpoints."""
        return self.bed.auth_url

    @property
    def clouds_yaml(self) -> pathlib.Path:
        """For OS_CLIENT_CONFIG_FILE."""
        return self.bed.state / 'clouds.yaml'

    @property
    def ports(self) -> dict[str, int]:
        """keystone, nova, ... themselves; public_keystone, public_nova, ... at the fault proxy."""
        return self.bed.ports

    @functools.cached_property
    def admin(self) -> Connection:
        return self.connect('admin')

    def connect(self, name: str) -> Connection:
        """A new connection of one of `CLOUDS`."""
        return Connection(config=self._config(name))

    def _config(self, name: str):
        from openstack.config import OpenStackConfig

        return OpenStackConfig(config_files=[str(self.clouds_yaml)], load_envvars=False).get_one(name)

    def project(self, name: str) -> str:
        """Id of admin, demo, other or database-service."""
        return self.facts['projects'][name]

    def image(self, name: str) -> str:
        """Id of `hollow` (its servers are bookkeeping) or `guest` (its servers boot the root file system)."""
        return self.facts['images'][name]

    def network(self, name: str) -> dict[str, str]:
        """management, tenant, other or external -> id, subnet, cidr, gateway (an address of this machine)."""
        return self.facts['networks'][name]

    def free_cidr(self) -> str:
        """For a network that a test makes; its bridge is made with the first machine on it."""
        block = self.network('management')['cidr'].split('.')[1]
        return f'10.{block}.{next(self._blocks)}.0/24'

    @property
    def boots(self) -> bool:
        """Whether there is something that a machine can boot."""
        return place.rootfs().is_dir()

    def restart(self, service: str) -> None:
        """As after a crash; see `programs.SERVERS`. Machines run on."""
        self.bed.restart(service)

    def stop(self, service: str) -> None:
        programs.process(self.bed.state, service).stop(timeout=5)

    def console(self, server: str) -> str:
        """What the machine of that server has printed."""
        path = self.bed.state / 'machines' / server / 'console.log'
        return path.read_text(errors='replace') if path.exists() else ''

    def inside(self, server: str, *command: str, timeout: float = 30) -> subprocess.CompletedProcess[str]:
        """Run a command in the machine of that server, as root: to look at it, or to break something."""
        words = ['nsenter', f'--target={self.leader(server)}', '--all', '--', *command]
        return subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=timeout)

    def leader(self, server: str) -> int:
        """Process 1 of that machine, as this machine numbers it."""
        pid = (self.bed.state / 'machines' / server / 'pid').read_text().split()[0]
        return int(pathlib.Path(f'/proc/{pid}/task/{pid}/children').read_text().split()[0])
