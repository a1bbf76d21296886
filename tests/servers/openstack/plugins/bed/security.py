"""Neutron's side of the firewall: what it says of ports and security groups is noted, and takes effect at once."""

import contextlib
import os
from collections.abc import Iterator

from neutron_lib import context, exceptions
from neutron_lib.callbacks import events, registry, resources
from neutron_lib.plugins import directory

from . import machine
from .firewall import Firewall

STATE, ROOTFS = os.environ['BED_STATE'], os.environ['BED_ROOTFS']
FIREWALL = Firewall(STATE)
ALWAYS = (events.AFTER_CREATE, events.AFTER_UPDATE, events.AFTER_DELETE)


def subscribe() -> None:
    for event in ALWAYS:
        registry.subscribe(_port_changed, resources.PORT, event)
        registry.subscribe(_rule_changed, resources.SECURITY_GROUP_RULE, event)


def _port_changed(resource, event, trigger, payload):
    with _taking_effect():
        try:
            found = directory.get_plugin().get_port(context.get_admin_context(), payload.resource_id)
        except exceptions.PortNotFound:
            FIREWALL.set_port(payload.resource_id, None)
            return
        FIREWALL.set_port(found['id'], _facts(found))
        for group in found['security_groups']:  # also of those that began with rules: nobody told of these
            _note_group(group)


def _rule_changed(resource, event, trigger, payload):
    latest = payload.states[-1] if payload.states else payload.metadata
    with _taking_effect():
        _note_group(latest['security_group_id'])


def _facts(port: dict) -> dict:
    return {
        'secure': port['port_security_enabled'], 'groups': port['security_groups'],
        'addresses': [fixed['ip_address'] for fixed in port['fixed_ips']],
    }  # fmt: skip


def _note_group(group: str) -> None:
    given = {'security_group_id': [group]}
    FIREWALL.set_group(group, directory.get_plugin().get_security_group_rules(context.get_admin_context(), given))


@contextlib.contextmanager
def _taking_effect() -> Iterator[None]:
    """What is noted meanwhile takes effect at each machine for which it makes a difference."""
    with FIREWALL.held():
        before = _texts()
        yield
        for server, text in _texts().items():
            if before.get(server) != text:
                FIREWALL.apply(server, text)


def _texts() -> dict[str, str]:
    """Of each machine that has interfaces."""
    records = {one.server: one.record for one in machine.known(STATE, ROOTFS)}
    return {server: FIREWALL.text(found['nics']) for server, found in records.items() if found and not found['hollow']}
