"""Nova's libvirt driver on this bed's networks and volumes: a server is a virtual machine of QEMU (`make test-vm`)."""

import os

from bed import wiring
from bed.command import run
from nova.virt.libvirt import driver
from nova.virt.libvirt.volume import gpfs

STATE = os.environ['BED_STATE']


class VirtualMachines(driver.LibvirtDriver):
    def plug_vifs(self, instance, network_info):
        """The taps that Nova makes come onto the bridges of their networks."""
        super().plug_vifs(instance, network_info)
        for vif in network_info:
            subnet = vif['network']['subnets'][0]
            gateway = (subnet['gateway'] or {}).get('address')
            prefix = subnet['cidr'].partition('/')[2]
            bridge = wiring.bridge(STATE, vif['network']['id'], gateway and f'{gateway}/{prefix}')
            run('ip', 'link', 'set', vif['devname'], 'master', bridge, 'up')


class Files(gpfs.LibvirtGPFSVolumeDriver):
    def extend_volume(self, connection_info, instance, requested_size):
        """Cinder has made the file larger; libvirt tells the machine."""
        return os.path.getsize(connection_info['data']['device_path'])


driver.VOLUME_DRIVERS['gpfs'] = f'{__name__}.Files'
