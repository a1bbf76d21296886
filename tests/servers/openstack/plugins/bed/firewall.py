"""Security groups, enforced: what may come in by each interface of a machine, as iptables of the machine's own network.

What Neutron says of ports and groups is written below the bed's folder by Neutron's process (`security.py`) and read
from there whenever a machine is wired or something changes. The rules stand in the table mangle: they come before
whatever the machine itself does with a packet. IPv4 only: no network of the lab has IPv6.
"""

import contextlib
import fcntl
import json
import os
from collections.abc import Iterator

from . import names
from .command import run

ARRIVING = '-A PREROUTING -i'


class Firewall:
    """Of one bed. What changes what is known, and what applies it, is done while it is `held`."""

    def __init__(self, state: str):
        self._state, self._folder = state, os.path.join(state, 'firewall')

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """By one thread of one process."""
        os.makedirs(self._folder, exist_ok=True)
        with open(os.path.join(self._folder, 'lock'), 'w') as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    # -- what is known
    def set_port(self, port: str, facts: dict | None) -> None:
        """facts: secure, groups (ids), addresses; None: there is no such port any more."""
        self._write('port', port, facts)

    def set_group(self, group: str, rules: list[dict]) -> None:
        """rules: as Neutron tells them."""
        self._write('group', group, rules)

    def _write(self, kind: str, number: str, what: dict | list | None) -> None:
        path = self._path(kind, number)
        if what is None:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(path)
            return
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path + '.new', 'w') as out:
            json.dump(what, out)
        os.rename(path + '.new', path)

    def _read(self, kind: str, number: str, otherwise):
        try:
            with open(self._path(kind, number)) as text:
                return json.load(text)
        except FileNotFoundError:
            return otherwise

    def _path(self, kind: str, number: str) -> str:
        return os.path.join(self._folder, kind, f'{number}.json')

    # -- what follows from it
    def text(self, nics: list[dict]) -> str:
        """For iptables-restore. nics: see `hypervisor.nics`. By a port that nobody knows nothing comes in."""
        lines = ['*mangle', ':PREROUTING ACCEPT']
        for nic in nics:
            port = self._read('port', nic['port'], {'secure': True, 'groups': []})
            if port['secure']:
                lines += self._lines(nic['name'], port['groups'])
        return '\n'.join([*lines, 'COMMIT', ''])

    def _lines(self, interface: str, groups: list[str]) -> list[str]:
        rules = [rule for group in sorted(groups) for rule in self._read('group', group, [])]
        accepted = {words for rule in rules for words in self._accepted(rule)}
        wanted = ['-m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT', *sorted(accepted), '-j DROP']
        return [f'{ARRIVING} {interface} {words}' for words in wanted]

    def _accepted(self, rule: dict) -> list[str]:
        if rule['direction'] != 'ingress' or rule['ethertype'] != 'IPv4':
            return []
        if rule['remote_group_id']:
            sources = self._members(rule['remote_group_id'])
        else:
            sources = [rule['remote_ip_prefix'] or '0.0.0.0/0']
        return [f'-s {source}{_service(rule)} -j ACCEPT' for source in sources]

    def _members(self, group: str) -> list[str]:
        """Addresses of a group's ports."""
        folder = os.path.join(self._folder, 'port')
        known = [self._read('port', file.removesuffix('.json'), None) for file in os.listdir(folder)]
        return [address for port in known if port and group in port['groups'] for address in port['addresses']]

    def apply(self, server: str, text: str) -> None:
        """In place of what was there, at once. Repeatable; a machine that is gone needs none."""
        space = f'/run/netns/{names.namespace(self._state, server)}'
        run('nsenter', f'--net={space}', 'iptables-restore', given=text, check=os.path.exists(space))


def _service(rule: dict) -> str:
    """Protocol and ports in words of iptables. Of ICMP the ports are type and code."""
    protocol, low, high = rule['protocol'], rule['port_range_min'], rule['port_range_max']
    if protocol in (None, 'any', '0'):
        return ''
    if low is None:
        return f' -p {protocol}'
    if protocol in ('icmp', '1'):
        return f' -p icmp --icmp-type {low}' + ('' if high is None else f'/{high}')
    return f' -p {protocol} --dport {low}:{high}'
