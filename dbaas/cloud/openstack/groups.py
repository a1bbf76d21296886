"""Nova: server groups, which keep servers apart or together."""

from dbaas.cloud.openstack import names
from dbaas.cloud.openstack.part import Part, oldest, ours
from dbaas.cloud.openstack.tries import Row, repeated
from dbaas.cloud.protocol import Owner, Resource

_PAGE = 1000


class Groups(Part):
    @repeated
    def create_server_group(self, owner: Owner, name: str, policy: str | None) -> str | None:
        if policy is None:
            return None
        given = names.name_of(owner, name)
        found = oldest(self._named(given), order=['id'])
        if found is None:
            body = {'server_group': {'name': given, 'policies': [policy]}}
            found = self.services.compute.post('/os-server-groups', body, 'server_group', about=given)
        return str(found['id'])

    @repeated
    def delete_server_group(self, owner: Owner, name: str) -> None:
        for row in self._named(names.name_of(owner, name)):
            self.remove('server-group', row['id'])

    def remove(self, kind: str, id: str) -> None:
        self.services.compute.delete(f'/os-server-groups/{id}')

    def resources(self, kind: str, instance: str | None) -> list[Resource]:
        return ours(kind, self._rows(), instance)

    def _named(self, given: str) -> list[Row]:
        return [row for row in self._rows() if row['name'] == given]

    def _rows(self) -> list[Row]:
        """Nova neither filters them nor says where its answer was cut: pages are asked for until one is short."""
        rows: list[Row] = []
        while True:
            page = self.services.compute.list('/os-server-groups', 'server_groups', limit=_PAGE, offset=len(rows))
            rows += page
            if len(page) < _PAGE:
                return rows
