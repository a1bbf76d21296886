"""Nova's driver: a server is a machine of systemd-nspawn (`machine.py`), or bookkeeping only when its image says
`dbaas_hollow=true`. Three computes share it: they see the same folders, as hosts with shared storage do."""

import io
import os

from bed import disks, nodes
from bed.machine import Machine
from nova import exception
from nova.api.metadata import base as metadata
from nova.compute import power_state, task_states
from nova.image import glance
from nova.virt import driver, fake, hardware

STATE, ROOTFS = os.environ['BED_STATE'], os.environ['BED_ROOTFS']
SNAPSHOT = b'a snapshot of a machine of the test bed'
CONSOLE = 1 << 16  # bytes at its end


class Machines(fake.FakeDriver):
    """From Nova's own fake comes what is the same for any hypervisor: inventories and what it claims to support."""

    vcpus, memory_mb, local_gb = 64, 65536, 1000

    def _machine(self, instance) -> Machine:
        return Machine(STATE, ROOTFS, instance.uuid)

    def get_available_resource(self, nodename):
        return {**super().get_available_resource(nodename), 'uuid': nodes.identity(nodename)}

    def get_nodenames_by_uuid(self, refresh=False):
        return {nodes.identity(name): name for name in self.get_available_nodes()}

    def spawn(self, context, instance, image_meta, injected_files, admin_password, allocations, network_info=None,
              block_device_info=None, power_on=True, accel_info=None):  # fmt: skip
        found = self._machine(instance)
        seed = _seed(instance, network_info)
        try:
            found.define(_record(instance, network_info, block_device_info), seed)
            if power_on:
                found.start()
        except Exception:
            found.remove(keep_disk=False)
            raise

    def destroy(
        self, context, instance, network_info, block_device_info=None, destroy_disks=True, destroy_secrets=True
    ):
        reverting = instance.task_state == task_states.RESIZE_REVERTING  # the disk is the other host's, too
        self._machine(instance).remove(keep_disk=not destroy_disks or reverting)

    def cleanup(self, context, instance, network_info, block_device_info=None, destroy_disks=True, migrate_data=None,
                destroy_vifs=True, destroy_secrets=True):  # fmt: skip
        pass

    def power_off(self, instance, timeout=0, retry_interval=0):
        self._known(instance).stop(timeout)

    def power_on(self, context, instance, network_info, block_device_info=None, accel_info=None, share_info=None):
        self._known(instance).start()

    def reboot(self, context, instance, network_info, reboot_type, block_device_info=None, bad_volumes_callback=None,
               accel_info=None, share_info=None):  # fmt: skip
        found = self._known(instance)
        found.stop(0 if reboot_type == 'HARD' else 20)
        found.start()

    def soft_delete(self, instance):
        raise NotImplementedError  # Nova stops it, then

    def restore(self, instance):
        raise NotImplementedError  # Nova starts it, then

    def get_info(self, instance, use_cache=True):
        runs = self._known(instance).runs()
        return hardware.InstanceInfo(state=power_state.RUNNING if runs else power_state.SHUTDOWN)

    def _known(self, instance) -> Machine:
        found = self._machine(instance)
        if found.record is None:
            raise exception.InstanceNotFound(instance_id=instance.uuid)
        return found

    def list_instances(self):
        return self.list_instance_uuids()

    def list_instance_uuids(self):
        folder = os.path.join(STATE, 'machines')
        return os.listdir(folder) if os.path.isdir(folder) else []

    def instance_exists(self, instance):
        return self._machine(instance).record is not None

    def attach_volume(self, context, connection_info, instance, mountpoint, disk_bus=None, device_type=None,
                      encryption=None):  # fmt: skip
        where = connection_info['data']
        self._known(instance).attach(where['volume_id'], where['device_path'])

    def detach_volume(self, context, connection_info, instance, mountpoint, encryption=None):
        self._known(instance).detach(connection_info['data']['volume_id'])

    def extend_volume(self, context, connection_info, instance, requested_size):
        disks.grow(connection_info['data']['device_path'])

    def attach_interface(self, context, instance, image_meta, vif):
        found = self._known(instance)
        found.plug(_nic(vif, len(found.record['nics']), default_route=False))

    def detach_interface(self, context, instance, vif):
        self._known(instance).unplug(vif['id'])

    def get_console_output(self, context, instance):
        try:
            with open(self._machine(instance).console, 'rb') as text:
                text.seek(max(0, text.seek(0, io.SEEK_END) - CONSOLE))
                return text.read()
        except FileNotFoundError:
            return b''

    def snapshot(self, context, instance, image_id, update_task_state):
        update_task_state(task_state=task_states.IMAGE_PENDING_UPLOAD)
        update_task_state(task_state=task_states.IMAGE_UPLOADING, expected_state=task_states.IMAGE_PENDING_UPLOAD)
        what = {'disk_format': 'raw', 'container_format': 'bare', 'properties': {}}
        glance.API().update(context, image_id, what, data=io.BytesIO(SNAPSHOT))

    def migrate_disk_and_power_off(self, context, instance, dest, flavor, network_info, block_device_info=None,
                                   timeout=0, retry_interval=0):  # fmt: skip
        found = self._known(instance)
        found.stop(timeout)
        found.remove(keep_disk=True)

    def finish_migration(self, context, migration, instance, disk_info, network_info, image_meta, resize_instance,
                         allocations, block_device_info=None, power_on=True, share_info=None):  # fmt: skip
        self._settle(instance, network_info, block_device_info, power_on)

    def finish_revert_migration(self, context, instance, network_info, migration, block_device_info=None, power_on=True,
                                share_info=None):  # fmt: skip
        self._settle(instance, network_info, block_device_info, power_on)

    def confirm_migration(self, context, migration, instance, network_info):
        pass  # on the host that it has left there is nothing of it

    def _settle(self, instance, network_info, block_device_info, power_on: bool) -> None:
        """On another host or with another flavor, with the disk that it had."""
        found = self._machine(instance)
        found.define(_record(instance, network_info, block_device_info), _seed(instance, network_info))
        if power_on:
            found.start()


def _record(instance, network_info, block_device_info) -> dict:
    return {
        'name': instance.hostname or 'machine',
        'hollow': instance.system_metadata.get('image_dbaas_hollow', '').lower() == 'true',
        'running': False,
        'memory': instance.flavor.memory_mb,
        'cpus': instance.flavor.vcpus,
        'nics': nics(network_info),
        'volumes': {
            one['connection_info']['data']['volume_id']: one['connection_info']['data']['device_path']
            for one in driver.block_device_info_get_mapping(block_device_info)
        },
    }


def nics(network_info) -> list[dict]:
    """In the order of the ports: port, network (ids), name (eth0...), mac, address, prefix, gateway (or None), floating
    (addresses), default_route (the first that has a gateway has it)."""
    found: list[dict] = []
    for number, vif in enumerate(network_info or []):
        taken = any(nic['default_route'] for nic in found)
        found.append(_nic(vif, number, default_route=not taken))
    return found


def _nic(vif, number: int, default_route: bool) -> dict:
    subnet = vif['network']['subnets'][0]
    first = subnet['ips'][0]
    gateway = (subnet['gateway'] or {}).get('address')
    return {
        'port': vif['id'], 'network': vif['network']['id'], 'name': f'eth{number}', 'mac': vif['address'],
        'address': first['address'], 'prefix': int(subnet['cidr'].partition('/')[2]), 'gateway': gateway,
        'floating': [one['address'] for one in first.get('floating_ips', [])],
        'default_route': default_route and bool(gateway),
    }  # fmt: skip


def _seed(instance, network_info) -> dict[str, bytes]:
    """What a config drive holds, by Nova's own hand."""
    found = metadata.InstanceMetadata(instance, network_info=network_info)
    return {path: content for path, content in found.metadata_for_config_drive() if path.startswith('openstack/latest')}
