"""Nova: what is done to a server that runs. A change is asked for once Nova would take it; nobody waits for its end."""

from collections.abc import Callable, Mapping
from typing import Any

from dbaas.cloud.openstack import names
from dbaas.cloud.openstack.network import port_of
from dbaas.cloud.openstack.servers import Servers
from dbaas.cloud.openstack.service import Refused
from dbaas.cloud.openstack.tries import Passing, Row, repeated
from dbaas.cloud.openstack.volumes import volume_of
from dbaas.cloud.protocol import Flavor, Machine
from dbaas.exceptions import CloudError

_USER_DATA = '2.57'  # the first microversion that takes user data with a rebuild

_CONFIRM: Row = {'confirmResize': None}


class Changes(Servers):
    @repeated
    def stop_server(self, server_id: str) -> None:
        self._ask(server_id, {'os-stop': None}, lambda row: row['status'] == 'SHUTOFF', 'powering-off')

    @repeated
    def start_server(self, server_id: str) -> None:
        self._ask(server_id, {'os-start': None}, lambda row: row['status'] == 'ACTIVE', 'powering-on')

    @repeated
    def reboot_server(self, server_id: str, hard: bool = False) -> None:
        kind = 'HARD' if hard else 'SOFT'
        self._ask(server_id, {'reboot': {'type': kind}}, _never, 'reboot')

    @repeated
    def rebuild_server(self, server_id: str, image: str, user_data: Mapping[str, Any]) -> None:
        row = self._there(server_id)
        told = self.compose(user_data, self._machine_of(row, image))
        body = {'rebuild': {'imageRef': image, 'user_data': told}}
        self._ask(server_id, body, _never, 'rebuild', version=_USER_DATA)

    @repeated
    def resize_server(self, server_id: str, flavor: Flavor) -> None:
        body = {'resize': {'flavorRef': flavor.id}}
        self._ask(server_id, body, lambda row: row['flavor']['id'] == flavor.id, 'resize')

    @repeated
    def confirm_resize(self, server_id: str) -> None:
        self._ask(server_id, _CONFIRM, lambda row: row['status'] != 'VERIFY_RESIZE')

    @repeated
    def revert_resize(self, server_id: str, flavor: Flavor) -> None:
        """The next step on the way back; it is asked again until the server is ACTIVE on `flavor`."""
        row = self._there(server_id)
        body = _way_back(row, flavor)
        if row['OS-EXT-STS:task_state'] is None and body is not None:
            self._send(server_id, body)

    def _ask(
        self, server_id: str, body: Row, done: Callable[[Row], bool], task: str = '-', version: str | None = None
    ) -> None:
        """Nothing is sent when it is `done`, or while Nova is at it: in a task whose name starts with `task`."""
        row = self._there(server_id)
        doing = row['OS-EXT-STS:task_state']
        if (doing or '').startswith(task) or (doing is None and done(row)):
            return
        if doing is not None:
            raise Passing(f'Nova: server {server_id} is busy: {doing}')
        self._send(server_id, body, version)

    def _send(self, server_id: str, body: Row, version: str | None = None) -> None:
        path, about = f'/servers/{server_id}/action', next(iter(body))
        try:
            self.services.compute.post(path, body, version=version, about=about)
        except Refused as error:
            if body == _CONFIRM and error.code in (400, 409):
                return  # asked before: Nova shows VERIFY_RESIZE, and no task, until that is done
            now = self.look(server_id)
            if error.code == 409 and now and now['OS-EXT-STS:task_state'] is not None:
                raise Passing(f'Nova: server {server_id} is busy: {now["OS-EXT-STS:task_state"]}') from error
            raise

    def _there(self, server_id: str) -> Row:
        row = self.look(server_id)
        if row is None:
            raise CloudError(f'Nova: there is no server {server_id}; it may have been removed by somebody else')
        return row

    def _machine_of(self, row: Row, image: str) -> Machine:
        """What the server is made of, for the agent's facts."""
        ports = self.services.network.list('/ports', 'ports', device_id=row['id'])
        first = sorted(ports, key=lambda port: (_word(port) != 'port', port['id']))
        attached = [volume['id'] for volume in row['os-extended-volumes:volumes_attached']]
        volumes = [v for id in attached if (v := self.services.volume.find(f'/volumes/{id}', 'volume'))]
        flavor = next((f for f in self.flavors() if f.id == row['flavor']['id']), None)
        ours = sorted((v for v in volumes if names.read(v['name'])), key=lambda v: _word(v) != 'volume')
        if not first or not ours or flavor is None:
            raise CloudError(f'Nova: server {row["id"]} lacks a port, its volume or a known flavor: delete it')
        return Machine(flavor, [port_of(port) for port in first], volume_of(ours[0]), {}, image)


def _never(row: Row) -> bool:
    return False


def _word(row: Row) -> str:
    known = names.read(row['name'])
    return known[1] if known else ''


def _way_back(row: Row, flavor: Flavor) -> Row | None:
    """None: nothing is to be done now. A resize that failed leaves ERROR; a hard reboot brings the server back."""
    old, status = row['flavor']['id'] == flavor.id, row['status']
    steps: dict[tuple[str, bool], Row] = {
        ('VERIFY_RESIZE', False): {'revertResize': None},
        ('VERIFY_RESIZE', True): _CONFIRM,
        ('ACTIVE', False): {'resize': {'flavorRef': flavor.id}},
        ('SHUTOFF', False): {'resize': {'flavorRef': flavor.id}},
        ('SHUTOFF', True): {'os-start': None},
        ('ERROR', True): {'reboot': {'type': 'HARD'}},
    }
    if (status, old) == ('ERROR', False):
        raise CloudError(
            f'Nova: server {row["id"]} is in ERROR on flavor {row["flavor"]["id"]}; '
            f'reset its state with the openstack client, then resume'
        )
    return steps.get((status, old))
