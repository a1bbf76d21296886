"""Neutron's mechanism driver: every port is bound on every host at once; the hypervisor makes the wires.

A floating address that comes to a port after its machine was made, or goes, is heard of here alone; what security
groups say, too (`security.py`).
"""

import os

from neutron_lib import constants
from neutron_lib.api.definitions import portbindings
from neutron_lib.callbacks import events, registry, resources
from neutron_lib.plugins.ml2 import api

from . import machine, security

STATE = os.environ['BED_STATE']


class BindsEverything(api.MechanismDriver):
    @property
    def connectivity(self):
        return portbindings.CONNECTIVITY_L2

    def initialize(self):
        for event in (events.AFTER_CREATE, events.AFTER_UPDATE, events.AFTER_DELETE):
            registry.subscribe(_moved, resources.FLOATING_IP, event)
        security.subscribe()

    def bind_port(self, context):
        details = {portbindings.CAP_PORT_FILTER: True, portbindings.VIF_DETAILS_CONNECTIVITY: self.connectivity}
        segment = context.segments_to_bind[0]
        context.set_binding(segment[api.ID], portbindings.VIF_TYPE_TAP, details, status=constants.PORT_STATUS_ACTIVE)

    def try_to_bind_segment_for_agent(self, context, segment, agent):
        return True

    def filter_hosts_with_segment_access(self, context, segments, hosts, agent_getter):
        return set(hosts)


def _moved(resource, event, trigger, payload):
    latest = payload.states[-1]
    port = None if event == events.AFTER_DELETE else latest['port_id']
    machines = machine.known(STATE, os.environ['BED_ROOTFS'])
    address = latest['floating_ip_address']
    # the one that had it first: with it goes a route that would else be the next one's
    for one in sorted(machines, key=lambda one: not one.has(address)):
        one.lead(address, port)
