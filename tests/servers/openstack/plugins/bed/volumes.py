"""Cinder's driver: a volume is a sparse file below the state folder. Grows in use, clones, has snapshots."""

import os
import subprocess

from cinder import interface
from cinder.image import image_utils
from cinder.volume import driver
from oslo_config import cfg
from oslo_utils import units


@interface.volumedriver
class Files(driver.VolumeDriver):
    VERSION = '1.0'

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self._folder = os.path.join(cfg.CONF.state_path, 'volumes')

    def do_setup(self, context):
        os.makedirs(self._folder, exist_ok=True)

    def check_for_setup_error(self):
        pass

    def local_path(self, volume):
        return os.path.join(self._folder, volume['name'])

    def _update_volume_stats(self):
        self._stats = {
            'volume_backend_name': self.configuration.volume_backend_name, 'vendor_name': 'dbaas tests',
            'driver_version': self.VERSION, 'storage_protocol': 'file', 'total_capacity_gb': 1000,
            'free_capacity_gb': 900, 'reserved_percentage': 0, 'multiattach': False, 'online_extend_support': True,
            'thin_provisioning_support': True, 'max_over_subscription_ratio': 20,
        }  # fmt: skip

    def create_volume(self, volume):
        with open(self.local_path(volume), 'wb') as made:
            made.truncate(volume['size'] * units.Gi)

    def delete_volume(self, volume):
        subprocess.check_call(['rm', '-f', self.local_path(volume)])

    def extend_volume(self, volume, new_size):
        os.truncate(self.local_path(volume), new_size * units.Gi)

    def create_snapshot(self, snapshot):
        self._copy(self.local_path(snapshot['volume']), snapshot, snapshot['volume']['size'])

    delete_snapshot = delete_volume

    def create_volume_from_snapshot(self, volume, snapshot):
        self._copy(self.local_path(snapshot), volume, volume['size'])

    def create_cloned_volume(self, volume, src_vref):
        self._copy(self.local_path(src_vref), volume, volume['size'])

    def _copy(self, source, target, size):
        """size: GiB of the target, which may be larger than its source."""
        subprocess.check_call(['cp', '--sparse=always', '--reflink=auto', source, self.local_path(target)])
        os.truncate(self.local_path(target), size * units.Gi)

    def copy_image_to_volume(self, context, volume, image_service, image_id, disable_sparse=False):
        image_utils.fetch_to_raw(
            context, image_service, image_id, self.local_path(volume), '1M', size=volume['size'], run_as_root=False
        )

    def ensure_export(self, context, volume):
        pass

    def create_export(self, context, volume, connector):
        pass

    def remove_export(self, context, volume):
        pass

    def initialize_connection(self, volume, connector):
        where = {'name': volume['name'], 'device_path': self.local_path(volume), 'volume_id': volume['id']}
        return {'driver_volume_type': 'gpfs', 'data': where}  # GPFS's volumes are files, too; Nova passes the path on

    def terminate_connection(self, volume, connector, **kwargs):
        pass
