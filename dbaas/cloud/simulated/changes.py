"""What happens to servers and volumes of the simulated cloud while they are there."""

from collections.abc import Mapping, Sequence
from typing import Any

from dbaas.cloud.protocol import Flavor, Rule
from dbaas.cloud.simulated.faults import AFTER, BEFORE
from dbaas.cloud.simulated.state import Document
from dbaas.cloud.simulated.things import Things
from dbaas.exceptions import CloudError

RUNNING = ('ACTIVE', 'VERIFY_RESIZE')


class Changes(Things):
    """Part of SimulatedCloud. Another change than the one under way is refused, as real clouds do: 409."""

    def set_security_rules(self, security_group: str | None, rules: Sequence[Rule]) -> None:
        wanted = [[rule.port, rule.cidr] for rule in rules]
        if security_group is not None:
            row = self._there('security-group', security_group)
            self._change('set_security_rules', security_group, row['rules'] != wanted, rules=wanted)

    def extend_volume(self, volume_id: str, size: int) -> None:
        row = self._there('volume', volume_id)
        facts = {'size': size, 'ready_at': self._later()}
        self._change('extend_volume', volume_id, row['size'] < size, **facts)

    # -- servers
    def resize_server(self, server_id: str, flavor: Flavor) -> None:
        row = self._there('server', server_id)
        self._turn('resize_server', server_id, row['flavor'] != flavor.id, 'VERIFY_RESIZE', flavor=flavor.id)

    def confirm_resize(self, server_id: str) -> None:
        row = self._there('server', server_id)
        self._change('confirm_resize', server_id, row['status'] == 'VERIFY_RESIZE', status='ACTIVE')

    def revert_resize(self, server_id: str, flavor: Flavor) -> None:
        """While something is under way it does nothing: it is asked again."""
        row = self._there('server', server_id)
        if not self._busy(row):
            other = row['flavor'] != flavor.id or row['status'] != 'ACTIVE'
            self._turn('revert_resize', server_id, other, 'ACTIVE', flavor=flavor.id)

    def reboot_server(self, server_id: str, hard: bool = False) -> None:
        self._there('server', server_id)
        self._turn('reboot_server', server_id, True, 'ACTIVE')

    def rebuild_server(self, server_id: str, image: str, user_data: Mapping[str, Any]) -> None:
        self._there('server', server_id)
        self._turn('rebuild_server', server_id, True, 'ACTIVE', image=image)

    def stop_server(self, server_id: str) -> None:
        row = self._there('server', server_id)
        self._turn('stop_server', server_id, row['status'] != 'SHUTOFF', 'SHUTOFF')

    def start_server(self, server_id: str) -> None:
        row = self._there('server', server_id)
        self._turn('start_server', server_id, row['status'] == 'SHUTOFF', 'ACTIVE')

    def _turn(self, call: str, id: str, needed: bool, status: str, **facts: Any) -> None:
        """Towards that status; whoever is in the machine is away meanwhile."""
        ready = self._later()
        facts |= {'status': status, 'ready_at': ready, 'up_at': ready + self.latency.boot}
        self._change(call, id, needed, **facts)

    def _change(self, call: str, id: str, needed: bool, **facts: Any) -> None:
        about = self.state.document['resources'][id]
        self.faults.hit(call, BEFORE, instance=about['instance'], name=about['name'])
        with self.state.change() as document:
            row = document['resources'].get(id)
            if row is not None and needed:
                if self._busy(row):
                    raise CloudError(f'{row["kind"]} {id} is being changed: ask again when that has ended')
                row.update(facts)
                self.state.touch('resources', id)
                self.state.record(call, id, name=row['name'], instance=row['instance'], operation=row['operation'])
        self.faults.hit(call, AFTER, instance=about['instance'], name=about['name'])

    def _later(self) -> float:
        return self.state.clock() + self.latency.change

    def _busy(self, row: Document) -> bool:
        return bool(row.get('ready_at', 0.0) > self.state.clock())

    def _there(self, kind: str, id: str) -> Document:
        row = self._seen(kind, id)
        if row is None:
            raise CloudError(f'{kind} {id} does not exist')
        return row
