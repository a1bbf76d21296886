"""The test cloud with Nova's own libvirt driver in place of the machines that containers are."""

import pathlib

from tests.servers.openstack import people, place, programs
from tests.servers.openstack.bed import Bed
from tests.vm.libvirt import Libvirt

HELPERS = ('nova_sys_admin', 'vif_plug_linux_bridge_privileged', 'vif_plug_ovs_privileged', 'privsep_osbrick')
OPTIONS = """
[DEFAULT]
compute_driver = vms.VirtualMachines
host = vm-host
# an emulated machine leaves little time for signs of life
service_down_time = 120
[libvirt]
virt_type = qemu
connection_uri = {uri}
cpu_mode = none
images_type = raw
hw_machine_type = x86_64=pc
inject_partition = -2
"""


class VmBed(Bed):
    def __init__(self, state: pathlib.Path):
        super().__init__(state)
        self.libvirt = Libvirt(state)

    def up(self) -> None:
        """All of a bed, then another Nova: its computes are gone, and one of virtual machines has come."""
        super().up()
        self.libvirt.start()
        programs.process(self.state, 'nova').stop(timeout=5)
        self._configure()
        self._start_nova()
        admin = people.connect(self.auth_url)
        for service in admin.compute.services():
            if service.binary == 'nova-compute' and service.host != 'vm-host':
                admin.compute.delete_service(service)

    def down(self) -> None:
        self.libvirt.stop()
        super().down()

    def _configure(self) -> None:
        (self.state / 'files/nova/instances').mkdir(exist_ok=True)
        conf, helper = self.state / 'etc/nova.conf', place.services() / 'bin/privsep-helper'
        sections = [f'[{name}]\nhelper_command = {helper} --config-file {conf}\n' for name in HELPERS]
        with open(conf, 'a') as out:
            out.write(OPTIONS.format(uri=self.libvirt.uri) + ''.join(sections))

    def _start_nova(self) -> None:
        ports = self.ports
        arguments = [str(self.state), str(ports['nova']), str(self.state / 'etc/nova.conf')]
        python = str(place.services() / 'bin/python')
        command = [python, '-m', 'bed.nova_vms', *arguments, str(ports['keystone']), str(ports['placement'])]
        programs.process(self.state, 'nova').start(command, programs.environment(self.state))
        self.await_('nova')
