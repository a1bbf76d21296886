"""Nova: servers are made, found, looked at and removed. What one says of itself is always asked anew."""

import dataclasses
from collections.abc import Mapping
from typing import Any

from dbaas.cloud.openstack import names, user_data
from dbaas.cloud.openstack.part import Part, oldest, ours
from dbaas.cloud.openstack.service import Refused
from dbaas.cloud.openstack.tries import Passing, Row, repeated
from dbaas.cloud.protocol import Flavor, Machine, Owner, Resource, Server
from dbaas.exceptions import CloudError

_TAGS = '2.52'  # the first microversion that takes tags with a new server
_AGE = ('created', 'id')
_INSTANCE = len('dbaas-') + 36  # of a name: up to the end of the instance's id
_BRIEF, _DETAILED = '/servers', '/servers/detail'
_AT_REST = ('ACTIVE', 'SHUTOFF', 'VERIFY_RESIZE', 'DELETED')
_KEPT = {'status': 'SOFT_DELETED', 'changes-since': '1970-01-01T00:00:00Z'}  # not listed but for whom asks for them
_FOREIGN = ('PAUSED', 'SUSPENDED', 'RESCUE', 'SHELVED', 'SHELVED_OFFLOADED')  # no call of ours leads there


class Servers(Part):
    @repeated
    def flavors(self) -> list[Flavor]:
        rows = self.services.compute.list('/flavors/detail', 'flavors')
        usable = [_flavor_of(row) for row in rows if not row.get('OS-FLV-DISABLED:disabled')]
        return sorted(usable, key=lambda f: (f.ram, f.vcpus, f.disk, f.name))

    @repeated
    def create_server(self, owner: Owner, name: str, machine: Machine) -> Server:
        """One found in ERROR is replaced."""
        given = names.name_of(owner, name)
        found = self._usable(given)
        if found is None:
            made = self.services.compute.post(
                '/servers', self._order(owner, name, machine), 'server', about=given, version=_TAGS
            )
            # an earlier try that seemed lost may have made one, too: everybody takes the oldest
            found = oldest(self._named(given), order=_AGE)
            if found is None:
                return Server(made['id'], 'BUILD', flavor=machine.flavor.id)
        return server_of(found)

    @repeated
    def server(self, owner: Owner, name: str) -> Server | None:
        given = names.name_of(owner, name)
        found = oldest(self._named(given) or self._named(given, **_KEPT), order=_AGE)
        return None if found is None or _put_away(found) else server_of(found)

    @repeated
    def server_by_id(self, server_id: str) -> Server | None:
        found = self.look(server_id)
        return server_of(found) if found else None

    @repeated
    def delete_server(self, owner: Owner, name: str) -> None:
        for row in self._all_named(names.name_of(owner, name)):
            self._remove(row)

    def look(self, server_id: str) -> Row | None:
        """As Nova tells it now; None: it is gone, or deleted and only kept for a while."""
        found = self._find(server_id)
        return None if found is None or _put_away(found) else found

    def _find(self, server_id: str) -> Row | None:
        found = self.services.compute.find(f'/servers/{server_id}', 'server')
        return None if found is None or found['status'] == 'DELETED' else found

    def resources(self, kind: str, instance: str | None) -> list[Resource]:
        """Names are all it takes: for details Nova asks Neutron about each server. They come with those put away."""
        rows = self._all(f'^dbaas-{instance or ""}', _BRIEF)
        away = {row['id'] for row in rows if 'status' in row and _put_away(row)}
        return [dataclasses.replace(r, put_away=r.id in away) for r in ours(kind, rows, instance)]

    def remove(self, kind: str, id: str) -> None:
        row = self._find(id)
        if row is not None:
            self._remove(row)

    def _remove(self, row: Row) -> None:
        """At once, also where the cloud keeps deleted servers for a while: they hold volume and ports."""
        if row['OS-EXT-STS:task_state'] == 'deleting':
            return
        if _going(row):  # Nova would take it now, and never do it
            raise Passing(f'Nova: server {row["id"]} is being deleted by somebody else')
        try:
            self.services.compute.post(f'/servers/{row["id"]}/action', {'forceDelete': None})
        except Refused as error:
            if error.code != 404:
                raise

    def compose(self, given: Mapping[str, Any], machine: Machine) -> str:
        told = user_data.facts(given, machine.volume, machine.ports, machine.flavor)
        return user_data.compose(told, self.options.user_data_file)

    def _order(self, owner: Owner, name: str, machine: Machine) -> Row:
        if not machine.image:
            raise CloudError('The datastore version names no image; give it one with dbaas-manage')
        server = {
            'name': names.name_of(owner, name), 'flavorRef': machine.flavor.id, 'imageRef': machine.image,
            'networks': [{'port': port.id} for port in machine.ports],
            'block_device_mapping_v2': _devices(machine),
            'user_data': self.compose(machine.user_data, machine), 'config_drive': True,
            'metadata': names.marks(owner, name), 'tags': names.tags(owner, name),
        }  # fmt: skip
        server |= {'availability_zone': machine.zone} if machine.zone else {}
        hints = {'os:scheduler_hints': {'group': machine.server_group}} if machine.server_group else {}
        return {'server': server, **hints}

    def _usable(self, given: str) -> Row | None:
        """One of that name; those that will never be of use go first: they hold the volume and the ports."""
        rows = self._all_named(given)
        useless = [row for row in rows if row['status'] in ('ERROR', 'SOFT_DELETED') or _going(row)]
        for row in useless:
            self._remove(row)
        if useless:
            raise Passing(f'Nova: server {given} is in {useless[0]["status"]} and still being removed')
        return oldest(rows, order=_AGE)

    def _named(self, given: str, **which: str) -> list[Row]:
        """Nova takes names as regular expressions: it is asked for the instance's, which are plain."""
        return [row for row in self._rows(f'^{given[:_INSTANCE]}', **which) if row['name'] == given]

    def _all_named(self, given: str) -> list[Row]:
        return [row for row in self._all(f'^{given[:_INSTANCE]}') if row['name'] == given]

    def _all(self, pattern: str, path: str = _DETAILED) -> list[Row]:
        """Also those that somebody has deleted and the cloud keeps for a while: they hold volume and ports."""
        rows = self._rows(pattern, path) + self._rows(pattern, **_KEPT)
        return list({row['id']: row for row in rows}.values())

    def _rows(self, pattern: str, path: str = _DETAILED, **which: str) -> list[Row]:
        """pattern: a regular expression of names. One that is gone but for its row is listed without details, still."""
        rows = self.services.compute.list(path, 'servers', name=pattern, **which)
        return [row for row in rows if row.get('status') != 'DELETED']


def server_of(row: Row) -> Server:
    """A status is at rest only when no task is under way: else it is the one of before."""
    status = row['status']
    if status == 'ERROR':
        fault = row.get('fault') or {}
        told, why = 'ERROR', fault.get('message') or 'Nova gives no reason'
    elif status == 'BUILD' and not _going(row):
        told, why = 'BUILD', ''
    elif row['OS-EXT-STS:task_state'] is not None or status not in _AT_REST + _FOREIGN:
        told, why = 'CHANGING', ''
    elif status in _FOREIGN:
        told, why = 'ERROR', f'the server is {status}: somebody else did that, and has to undo it'
    else:
        told, why = status, ''
    return Server(row['id'], told, why, row['flavor']['id'])


def _put_away(row: Row) -> bool:
    """Whether somebody has deleted it and the cloud keeps it for a while; who knows how may restore it."""
    return row['status'] == 'SOFT_DELETED' and row['OS-EXT-STS:task_state'] is None


def _going(row: Row) -> bool:
    return row['OS-EXT-STS:task_state'] in ('deleting', 'soft-deleting')


def _devices(machine: Machine) -> list[Row]:
    """The image's own disk goes with the server, the volume stays."""
    root = {'boot_index': 0, 'source_type': 'image', 'destination_type': 'local', 'uuid': machine.image}
    data = {'boot_index': -1, 'source_type': 'volume', 'destination_type': 'volume', 'uuid': machine.volume.id}
    return [root | {'delete_on_termination': True}, data | {'delete_on_termination': False}]


def _flavor_of(row: Row) -> Flavor:
    return Flavor(
        id=row['id'], name=row['name'], ram=row['ram'], vcpus=row['vcpus'], disk=row['disk'],
        ephemeral=row.get('OS-FLV-EXT-DATA:ephemeral', 0),
    )  # fmt: skip
