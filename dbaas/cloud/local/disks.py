"""Volumes of the local cloud and copies of them: XFS images where we may mount, else folders."""

from dbaas.cloud.local import images, volumes
from dbaas.cloud.local.parts import Parts, doing
from dbaas.cloud.local.places import remove_tree
from dbaas.cloud.local.records import Record
from dbaas.cloud.protocol import Owner, Snapshot, Volume
from dbaas.exceptions import CloudError


class Disks(Parts):
    """Part of LocalCloud."""

    def create_volume(
        self, owner: Owner, name: str, size: int, type: str = '', zone: str = '', snapshot: str = ''
    ) -> Volume:
        """Raises CloudError when it shall be filled from a snapshot that is not there."""
        with doing(f'making the volume of {owner.instance}'):
            record = self._records.get(owner.instance, 'volume', name)
            if record is None:
                image = None if self._no_images else self._places.record(owner.instance, f'{name}.img')
                facts = {'size': size, 'type': type, 'image': image, 'source': self._copy_of(snapshot)}
                record = Record('volume', name, owner, facts)
                self._records.put(record)
            self._fill(record)
        return self._volume(record)

    def _copy_of(self, snapshot_id: str) -> str | None:
        if not snapshot_id:
            return None
        record = self._records.by_id('snapshot', snapshot_id)
        if record is None:
            raise CloudError(f'snapshot {snapshot_id} does not exist')
        copy: str = record.facts['image']
        return copy

    def _fill(self, volume: Record) -> None:
        image, source, size = volume.facts['image'], volume.facts.get('source'), volume.facts['size']
        if source:
            volumes.whole(image, lambda half: images.fill(half, source, size))
        elif image:
            volumes.make(image, size)

    def create_snapshot(self, owner: Owner, name: str, volume_id: str) -> Snapshot:
        """Raises CloudError where volumes are folders: nothing can hold those still."""
        record = self._records.get(owner.instance, 'snapshot', name)
        with doing(f'copying the volume of {owner.instance}'):
            if record is None:
                volume = self._known_volume(volume_id)
                if not volume.facts['image']:
                    raise CloudError(f'volume {volume_id} is a folder, of which no snapshot can be taken')
                copy = self._places.record(owner.instance, f'{name}.snapshot')
                facts = {'size': volume.facts['size'], 'volume': volume.name, 'image': copy}
                record = Record('snapshot', name, owner, facts)
                self._records.put(record)
            self._copy(record)
        return Snapshot(record.id, record.facts['size'])

    def _copy(self, snapshot: Record) -> None:
        image = self._places.record(snapshot.owner.instance, f'{snapshot.facts["volume"]}.img')
        point = self._places.live(snapshot.owner.instance)
        volumes.whole(snapshot.facts['image'], lambda half: images.copy(image, half, point))

    def volume(self, volume_id: str) -> Volume | None:
        record = self._records.by_id('volume', volume_id)
        return self._volume(record) if record else None

    def snapshot_by_id(self, snapshot_id: str) -> Snapshot | None:
        record = self._records.by_id('snapshot', snapshot_id)
        return Snapshot(record.id, record.facts['size']) if record else None

    def extend_volume(self, volume_id: str, size: int) -> None:
        """A folder's size is the agent's to watch: it is started anew with the new one."""
        volume = self._known_volume(volume_id)
        with doing(f'extending the volume of {volume.owner.instance}'):
            size = max(size, volume.facts['size'])
            changed = Record(volume.kind, volume.name, volume.owner, volume.facts | {'size': size})
            self._records.put(changed)
            if changed.facts['image']:
                images.grow(changed.facts['image'], size, self._places.live(volume.owner.instance))
            for server in self._users(volume):
                if changed.facts['image']:
                    self._machines.refit(server)
                elif size > volume.facts['size']:
                    self._machines.renew(server)

    def delete_volume(self, owner: Owner, name: str) -> None:
        record = self._records.get(owner.instance, 'volume', name)
        if record is not None:
            with doing(f'removing the volume of {owner.instance}'):
                if not self._others(record):
                    volumes.unmount(self._places.live(owner.instance))
                    remove_tree(self._places.record(owner.instance, 'data'))
                if record.facts['image']:
                    volumes.remove(record.facts['image'])
                self._records.remove(owner.instance, 'volume', name)
                self._leave(owner.instance)

    def delete_snapshot(self, owner: Owner, name: str) -> None:
        record = self._records.get(owner.instance, 'snapshot', name)
        if record is not None:
            with doing(f'removing a snapshot of {owner.instance}'):
                volumes.remove(record.facts['image'])
                self._records.remove(owner.instance, 'snapshot', name)
                self._leave(owner.instance)

    def _volume(self, record: Record) -> Volume:
        status = 'IN-USE' if self._users(record) else 'AVAILABLE'
        return Volume(record.id, record.facts['size'], record.facts['type'], status)

    def _users(self, volume: Record) -> list[Record]:
        return [s for s in self._servers_of(volume.owner.instance) if s.facts['volume'] == volume.name]

    def _others(self, volume: Record) -> list[Record]:
        """More volumes of the instance: its mount and its data may be theirs."""
        found = self._records.all(volume.owner.instance)
        return [r for r in found if r.kind == 'volume' and r.name != volume.name]

    def _known_volume(self, volume_id: str) -> Record:
        record = self._records.by_id('volume', volume_id)
        if record is None:
            raise CloudError(f'volume {volume_id} does not exist')
        return record
