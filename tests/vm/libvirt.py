"""A libvirtd of a test's own, for machines of QEMU without KVM: all its files lie below one folder."""

import os
import pathlib
import subprocess

from dbaas.cli.cluster.process import Process
from tests.servers.openstack.plugins.bed.command import run

READY_WITHIN = 30.0  # seconds
# it runs without systemd, as root, and confines nothing: what it starts is ours
QEMU = """\
user = "root"
group = "root"
security_driver = "none"
cgroup_controllers = []
namespaces = []
remember_owner = 0
stdio_handler = "file"
max_files = 0
"""
OURS = {'etc': '/etc/libvirt', 'lib': '/var/lib/libvirt', 'cache': '/var/cache/libvirt', 'log': '/var/log/libvirt',
        'run': '/run/libvirt'}  # fmt: skip


class Libvirt:
    def __init__(self, state: pathlib.Path):
        self._folder = state / 'libvirt'
        self._process = Process(str(state), 'libvirtd')

    @property
    def uri(self) -> str:
        return f'qemu+unix:///system?socket={self._folder}/sock/libvirt-sock'

    def start(self) -> None:
        """Raises Unavailable with what it said last."""
        for name in (*OURS, 'sock'):
            (self._folder / name).mkdir(parents=True, exist_ok=True)
        (self._folder / 'etc/qemu.conf').write_text(QEMU)
        options = f'unix_sock_dir = "{self._folder}/sock"\nauth_unix_ro = "none"\nauth_unix_rw = "none"\n'
        (self._folder / 'etc/libvirtd.conf').write_text(options)
        binds = ' && '.join(f'mkdir -p {at} && mount --bind {self._folder}/{name} {at}' for name, at in OURS.items())
        serve = f'exec libvirtd -f /etc/libvirt/libvirtd.conf -p {self._folder}/libvirtd.pid'
        command = ['unshare', '--mount', '--propagation', 'private', 'sh', '-c', f'{binds} && {serve}']
        self._process.start(command, {'PATH': '/usr/sbin:/usr/bin:/sbin:/bin', 'HOME': str(self._folder)})
        self._process.await_(lambda: self._virsh('version').returncode == 0, READY_WITHIN, 'libvirtd')

    def domains(self) -> list[str]:
        return self._virsh('list', '--all', '--name').stdout.split()

    def stop(self) -> None:
        """With all of its machines, and the taps that these leave."""
        for domain in self.domains():
            self._virsh('destroy', domain)
        self._process.stop(timeout=10)
        for name in os.listdir('/sys/class/net'):
            bridge = pathlib.Path('/sys/class/net', name, 'master')
            if name.startswith('tap') and bridge.exists() and bridge.resolve().name.startswith('ob'):
                run('ip', 'link', 'delete', name, check=False)

    def _virsh(self, *words: str) -> 'subprocess.CompletedProcess[str]':
        return subprocess.run(
            ['virsh', '-q', '-c', self.uri, *words], stdin=subprocess.DEVNULL, capture_output=True, text=True
        )
