"""Where the user wants the instance's address: the one `nics` entry of a create."""

import dataclasses
from collections.abc import Mapping
from typing import Any

from dbaas.cloud.protocol import Nic
from dbaas.exceptions import BadRequest


def of(wish: Mapping[str, Any]) -> Nic | None:
    """wish: the validated request. None: the cloud's default. Raises BadRequest."""
    asked = wish.get('nics') or []
    if not asked:
        return None
    if len(asked) > 1:
        raise BadRequest('Only one nic is allowed: an instance has one address of its own.')
    given = asked[0]
    networks = {given[key] for key in ('net_id', 'network_id') if key in given}
    if len(networks) > 1:
        raise BadRequest('net-id and network_id of a nic are the same thing: give one.')
    addresses = {given[key] for key in ('ip_address', 'fixed_ip') if key in given}
    if len(addresses) > 1:
        raise BadRequest('ip_address and v4-fixed-ip of a nic are the same thing: give one.')
    nic = Nic(next(iter(networks), ''), given.get('subnet_id', ''), next(iter(addresses), ''))
    if 'ip_address' in given and not nic.subnet:
        raise BadRequest('subnet_id is needed with ip_address.')
    if not nic.network and not nic.subnet:
        raise BadRequest('A nic needs a network_id or a subnet_id.')
    return nic


def input_of(wish: Mapping[str, Any]) -> dict[str, Any] | None:
    """The same for the flow."""
    nic = of(wish)
    return None if nic is None else dataclasses.asdict(nic)
