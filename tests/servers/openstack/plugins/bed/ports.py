"""Neutron's mechanism driver: every port is bound on every host at once; the hypervisor makes the wires."""

from neutron_lib import constants
from neutron_lib.api.definitions import portbindings
from neutron_lib.plugins.ml2 import api


class BindsEverything(api.MechanismDriver):
    @property
    def connectivity(self):
        return portbindings.CONNECTIVITY_L2

    def initialize(self):
        pass

    def bind_port(self, context):
        details = {portbindings.CAP_PORT_FILTER: True, portbindings.VIF_DETAILS_CONNECTIVITY: self.connectivity}
        segment = context.segments_to_bind[0]
        context.set_binding(
            segment[api.ID], portbindings.VIF_TYPE_TAP, details, status=constants.PORT_STATUS_ACTIVE
        )

    def try_to_bind_segment_for_agent(self, context, segment, agent):
        return True

    def filter_hosts_with_segment_access(self, context, segments, hosts, agent_getter):
        return set(hosts)
