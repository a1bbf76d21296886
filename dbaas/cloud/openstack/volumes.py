"""Cinder: volumes and their snapshots."""

from typing import Any

from dbaas.cloud.openstack import names
from dbaas.cloud.openstack.part import Part, oldest, ours
from dbaas.cloud.openstack.service import Refused
from dbaas.cloud.openstack.tries import Passing, Row, repeated
from dbaas.cloud.protocol import Owner, Resource, Snapshot, Volume
from dbaas.exceptions import CloudError

_STATUSES = {'creating': 'BUILD', 'downloading': 'BUILD', 'available': 'AVAILABLE', 'in-use': 'IN-USE'}
_AT_REST = ('available', 'in-use', 'error')
_MOVING = ('attaching', 'detaching', 'reserved', 'creating', 'downloading', 'extending', 'backing-up', 'retyping')


class Volumes(Part):
    @repeated
    def create_volume(
        self, owner: Owner, name: str, size: int, type: str = '', zone: str = '', snapshot: str = ''
    ) -> Volume:
        """One found in ERROR is replaced. zone: used where Cinder knows it."""
        given = names.name_of(owner, name)
        found = self._usable('volumes', given)
        if found is None:
            wanted = {
                'volume_type': type or self.options.volume_type, 'snapshot_id': snapshot,
                'availability_zone': zone if zone in self.volume_zones() else '',
            }  # fmt: skip
            facts: Row = {'name': given, 'size': size, 'metadata': names.marks(owner, name)}
            facts |= {key: value for key, value in wanted.items() if value}
            found = self.services.volume.post('/volumes', {'volume': facts}, 'volume', about=given)
        return volume_of(found)

    @repeated
    def volume(self, volume_id: str) -> Volume | None:
        found = self.services.volume.find(f'/volumes/{volume_id}', 'volume')
        return None if found is None else volume_of(found)

    @repeated
    def extend_volume(self, volume_id: str, size: int) -> None:
        row = self.services.volume.find(f'/volumes/{volume_id}', 'volume')
        if row is None:
            raise CloudError(f'Cinder: there is no volume {volume_id}; it cannot grow')
        if row['size'] >= size or row['status'] == 'extending':
            return
        if row['status'] not in _AT_REST:
            raise Passing(f'Cinder: volume {volume_id} is {row["status"]}, it cannot grow now')
        self.services.volume.post(f'/volumes/{volume_id}/action', {'os-extend': {'new_size': size}})

    @repeated
    def delete_volume(self, owner: Owner, name: str) -> None:
        for row in self._rows('volumes', name=names.name_of(owner, name)):
            self._remove('volumes', row)

    # -- snapshots
    @repeated
    def create_snapshot(self, owner: Owner, name: str, volume_id: str) -> Snapshot:
        """One found in ERROR is replaced."""
        given = names.name_of(owner, name)
        found = self._usable('snapshots', given)
        if found is None:
            marks = names.marks(owner, name)
            facts = {'name': given, 'volume_id': volume_id, 'force': True, 'metadata': marks}  # force: though in use
            found = self.services.volume.post('/snapshots', {'snapshot': facts}, 'snapshot', about=given)
        return _snapshot_of(found)

    @repeated
    def snapshot_by_id(self, snapshot_id: str) -> Snapshot | None:
        found = self.services.volume.find(f'/snapshots/{snapshot_id}', 'snapshot')
        return None if found is None else _snapshot_of(found)

    @repeated
    def delete_snapshot(self, owner: Owner, name: str) -> None:
        for row in self._rows('snapshots', name=names.name_of(owner, name)):
            self._remove('snapshots', row)

    # -- both
    def resources(self, kind: str, instance: str | None) -> list[Resource]:
        return ours(kind, self._rows(f'{kind}s'), instance)

    def remove(self, kind: str, id: str) -> None:
        row = self.services.volume.find(f'/{kind}s/{id}', kind)
        if row is not None:
            self._remove(f'{kind}s', row)

    def volume_zones(self) -> set[str]:
        rows = self.services.volume.list('/os-availability-zone', 'availabilityZoneInfo')
        return {row['zoneName'] for row in rows}

    def _rows(self, path: str, **params: Any) -> list[Row]:
        return self.services.volume.list(f'/{path}/detail', path, **params)

    def _usable(self, path: str, given: str) -> Row | None:
        """One of that name; those that will never be of use go first."""
        rows = self._rows(path, name=given)
        broken = [row for row in rows if row['status'].startswith('error') or row['status'] == 'deleting']
        for row in broken:
            self._remove(path, row)
        if broken:
            raise Passing(f'Cinder: {given} is {broken[0]["status"]} and still being removed')
        return oldest(rows)

    def _remove(self, path: str, row: Row) -> None:
        """What is being attached or detached is asked again; what a server uses is refused."""
        what, status = f'Cinder: {path[:-1]} {row["id"]}', row['status']
        if status == 'deleting':
            return
        if status in _MOVING:
            raise Passing(f'{what} is {status}, it cannot be removed now')
        if status == 'in-use':
            servers = ', '.join(a['server_id'] for a in row['attachments']) or 'something'
            raise CloudError(f'{what} is in use by server {servers}; remove that first')
        try:
            self.services.volume.delete(f'/{path}/{row["id"]}')
        except Refused as error:
            raise CloudError(f'{error} (it is {status})') from error


def volume_of(row: Row) -> Volume:
    status = row['status']
    told = 'ERROR' if status.startswith('error') else _STATUSES.get(status, 'CHANGING')
    return Volume(row['id'], row['size'], row['volume_type'] or '', told)


def _snapshot_of(row: Row) -> Snapshot:
    status = 'ERROR' if row['status'].startswith('error') else {'available': 'AVAILABLE'}.get(row['status'], 'BUILD')
    return Snapshot(row['id'], row['size'], status)
