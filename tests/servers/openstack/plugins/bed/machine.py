"""One machine of the hypervisor: a folder with its record, its own layer over the root file system, and its console.

What is said of it stands in `record.json`, so it is known again when Nova was restarted.
"""

import json
import os
import pathlib
import shutil

from . import boot, disks, names, wiring
from .firewall import Firewall

KINDS = ('upper', 'work', 'root')


class Machine:
    """record: name, hollow, running (as wished), memory (MiB), cpus, nics (see `hypervisor.nics`), volumes
    (id -> path of the file). A hollow one is a record and nothing else.
    """

    def __init__(self, state: str, rootfs: str, server: str):
        self.state, self.rootfs, self.server = state, rootfs, server
        self.folder = os.path.join(state, 'machines', server)
        self.root = os.path.join(self.folder, 'root')
        self._path = os.path.join(self.folder, 'record.json')

    @property
    def record(self) -> dict | None:
        """None: there is no such machine."""
        try:
            with open(self._path) as text:
                return json.load(text)
        except FileNotFoundError:
            return None

    @property
    def console(self) -> str:
        return os.path.join(self.folder, 'console.log')

    def define(self, record: dict, seed: dict[str, bytes]) -> None:
        """Everything but its start. seed: files of the config drive, by their path on it."""
        os.makedirs(self.folder, 0o700, exist_ok=True)
        if not record['hollow']:
            self._furnish(record, seed)
        self._save(record)
        self._protect(record)

    def _furnish(self, record: dict, seed: dict[str, bytes]) -> None:
        if not os.path.isdir(self.rootfs):
            raise RuntimeError(f'no root file system in {self.rootfs}: make guest-image')
        disks.mount(self.rootfs, *[os.path.join(self.folder, kind) for kind in KINDS])
        drive = os.path.join(self.root, 'var/lib/cloud/seed/config_drive')
        shutil.rmtree(drive, ignore_errors=True)
        for path, content in seed.items():
            os.makedirs(os.path.dirname(os.path.join(drive, path)), 0o700, exist_ok=True)
            with open(os.path.join(drive, path), 'wb') as out:
                out.write(content)
        space = wiring.namespace(self.state, self.server)
        self._protect(record)
        for nic in record['nics']:
            wiring.plug(self.state, space, nic)
        for volume, path in record['volumes'].items():
            disks.attach(self.folder, volume, path)

    def _protect(self, record: dict) -> None:
        """Before a wire is there, and when the record is: who changes the rules from then on sees the machine."""
        if not record['hollow']:
            firewall = Firewall(self.state)
            with firewall.held():
                firewall.apply(self.server, firewall.text(record['nics']))

    def start(self) -> None:
        record = self._known()
        if not record['hollow'] and not boot.running(self.folder):
            boot.start(self, record)
        self._save({**record, 'running': True})

    def stop(self, seconds: float) -> None:
        """Politely for so long; 0: by pulling the plug."""
        record = self._known()
        if not record['hollow']:
            boot.stop(self, seconds)
        self._save({**record, 'running': False})

    def runs(self) -> bool:
        """A machine that has died does not run, whatever was wished."""
        record = self._known()
        return record['running'] and (record['hollow'] or boot.running(self.folder))

    def remove(self, keep_disk: bool) -> None:
        """keep_disk: its layer stays, for the next `define`. Repeatable."""
        record = self.record
        if record and not record['hollow']:
            boot.stop(self, 0)
            for nic in record['nics']:
                wiring.unplug(self.state, nic)
            wiring.remove_namespace(self.state, self.server)
            for volume, path in record['volumes'].items():
                disks.detach(self.folder, volume, path)
            disks.unmount(self.root)
        if record and keep_disk:
            os.unlink(self._path)
        elif not keep_disk:
            shutil.rmtree(self.folder, ignore_errors=True)

    def attach(self, volume: str, path: str) -> None:
        record = self._known()
        if not record['hollow']:
            disks.attach(self.folder, volume, path)
        self._save({**record, 'volumes': {**record['volumes'], volume: path}})

    def detach(self, volume: str) -> None:
        record = self._known()
        path = record['volumes'].pop(volume, None)
        if path and not record['hollow']:
            disks.detach(self.folder, volume, path)
        self._save(record)

    def plug(self, nic: dict) -> None:
        known = self._known()
        record = {**known, 'nics': [*known['nics'], nic]}
        self._protect(record)
        if not record['hollow']:
            wiring.plug(self.state, wiring.namespace(self.state, self.server), nic)
        self._save(record)
        self._protect(record)

    def unplug(self, port: str) -> None:
        record = self._known()
        for nic in [nic for nic in record['nics'] if nic['port'] == port]:
            wiring.unplug(self.state, nic)
            record['nics'].remove(nic)
        self._save(record)

    def has(self, floating: str) -> bool:
        return any(floating in nic['floating'] for nic in (self.record or {'nics': []})['nics'])

    def lead(self, address: str, port: str | None) -> None:
        """A floating address leads to that port of this machine, or here no longer."""
        record, space = self._known(), names.namespace(self.state, self.server)
        for nic in record['nics']:
            if nic['port'] != port and address in nic['floating']:
                nic['floating'].remove(address)
                if not record['hollow']:
                    wiring.remove_floating(self.state, space, nic, address)
            elif nic['port'] == port and address not in nic['floating']:
                nic['floating'].append(address)
                if not record['hollow']:
                    wiring.add_floating(self.state, space, nic, address)
        self._save(record)

    def _known(self) -> dict:
        record = self.record
        if record is None:
            raise LookupError(f'no machine {self.server}')
        return record

    def _save(self, record: dict) -> None:
        with open(self._path + '.new', 'w') as out:
            json.dump(record, out)
        os.rename(self._path + '.new', self._path)


def known(state: str, rootfs: str) -> list[Machine]:
    records = pathlib.Path(state, 'machines').glob('*/record.json')
    return [Machine(state, rootfs, record.parent.name) for record in records]
