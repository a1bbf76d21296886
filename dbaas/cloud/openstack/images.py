"""Glance: the images that guests boot from, found, listed and registered. For operators; no flow comes here."""

import contextlib
import hashlib
import os
from collections.abc import Mapping
from urllib.parse import quote

from dbaas.cloud.openstack.part import Part
from dbaas.cloud.openstack.service import Refused
from dbaas.cloud.openstack.tries import Passing, Row, repeated
from dbaas.exceptions import CloudError, NotFound

CHECKSUM = 'dbaas_checksum'  # SHA-256 of what was uploaded: the same file is not uploaded again
UPLOAD_WITHIN = 1800.0  # seconds for Glance's answer after the last byte: it hashes
GIB = 1 << 30


class Images(Part):
    @repeated
    def find(self, name_or_id: str) -> Row:
        """An id goes before a name; of several of one name the newest. Raises NotFound."""
        with contextlib.suppress(NotFound):
            return self.look(name_or_id)
        found = self._listed(name=name_or_id, status='active')
        if not found:
            raise NotFound(f'Glance has no active image {name_or_id}: see `openstack image list`, or register it')
        return found[-1]

    @repeated
    def ours(self) -> list[Row]:
        """Those that `register` made, the oldest first."""
        return [row for row in self._listed(owner=self.services.project) if CHECKSUM in row]

    def register(self, name: str, path: str, disk_format: str, properties: Mapping[str, str]) -> tuple[Row, bool]:
        """Upload the file unless an image of that name, content and properties is there -> (it, whether it is new).

        disk_format: raw, qcow2, or aki and ari for a kernel and its ramdisk. Raises CloudError, OSError.
        """
        wanted = {**properties, CHECKSUM: _checksum(path)}
        known = [row for row in self.ours() if row['name'] == name and wanted.items() <= row.items()]
        if active := [row for row in known if row['status'] == 'active']:
            return active[-1], False
        # one whose upload was cut short: Glance takes no second try for it
        for row in known:
            self._delete(row['id'])
        made = self._create(_order(name, path, disk_format) | wanted)
        try:
            self._upload(made['id'], path)
        except CloudError:
            if not self.tries(lambda: self._arrived(made['id'])):  # a long upload leaves no patience for another look
                self._delete(made['id'])
                raise
        found = self.look(made['id'])
        if found['status'] != 'active':
            raise CloudError(f'Glance: image {name} is {found["status"]} after its upload; see the log of Glance')
        return found, True

    @repeated
    def _create(self, order: Row) -> Row:
        """Found where the answer to an earlier try was lost."""
        for row in self._listed(owner=self.services.project, name=order['name'], status='queued'):
            if order.items() <= row.items():
                return row
        made: Row = self.services.image.send('POST', '/images', json=order, about=order['name']).json()
        return made

    @repeated
    def _upload(self, image_id: str, path: str) -> None:
        """Glance takes content once, and a try whose answer was lost may have brought it."""
        if self._arrived(image_id):
            return
        with open(path, 'rb') as content:
            self.services.image.send(
                'PUT', f'/images/{image_id}/file', data=content, timeout=UPLOAD_WITHIN,
                headers={'Content-Type': 'application/octet-stream'},
            )  # fmt: skip

    def _arrived(self, image_id: str) -> bool:
        status = self._row(image_id)['status']
        if status == 'saving':
            raise Passing(f'Glance: image {image_id} is still being saved')
        return bool(status == 'active')

    def _listed(self, **filters: str) -> list[Row]:
        """The oldest first."""
        return self.services.image.list('/images', 'images', limit=1000, sort='created_at:asc', **filters)

    @repeated
    def look(self, image_id: str) -> Row:
        """Raises NotFound."""
        return self._row(image_id)

    def _row(self, image_id: str) -> Row:
        try:
            found: Row = self.services.image.send('GET', f'/images/{quote(image_id, safe="")}').json()
        except Refused as error:
            if error.code == 404:
                raise NotFound(f'Glance has no image {image_id}') from error
            raise
        return found

    @repeated
    def _delete(self, image_id: str) -> None:
        self.services.image.delete(f'/images/{image_id}')


def _order(name: str, path: str, disk_format: str) -> Row:
    """A disk needs a flavor whose own is as large."""
    machine_part = disk_format in ('aki', 'ari')
    gib = 0 if machine_part or disk_format != 'raw' else -(-os.path.getsize(path) // GIB)
    container_format = disk_format if machine_part else 'bare'
    return {
        'name': name, 'disk_format': disk_format, 'container_format': container_format, 'min_disk': gib,
        'visibility': 'private',
    }  # fmt: skip


def _checksum(path: str) -> str:
    with open(path, 'rb') as content:
        return hashlib.file_digest(content, 'sha256').hexdigest()
