"""[quota]: limits of a project that has none of its own; negative: none."""

from oslo_config import cfg

GROUP = 'quota'
OPTIONS = [
    cfg.IntOpt('instances', mutable=True, default=10, help='Instances.'),
    cfg.IntOpt('ram', mutable=True, default=-1, help='MiB of memory of all instances.'),
    cfg.IntOpt('volumes', mutable=True, default=40, help='GiB of all volumes.'),
    cfg.IntOpt('backups', mutable=True, default=50, help='Backups.'),
    cfg.IntOpt('max_volume_size', mutable=True, default=10, min=1, help='Largest volume of one instance, in GiB.'),
]
