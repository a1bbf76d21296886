"""[local]: the local cloud, where an instance is an agent process and a database server process."""

from oslo_config import cfg

GROUP = 'local'
OPTIONS = [
    cfg.StrOpt('network', default='127.64.0.0/10', help='Loopback network that instances take their addresses from.'),
    cfg.StrOpt(
        'address_dir',
        default='/run/lock/dbaas-addresses',
        help='Machine-wide folder with a file per address.',
    ),
    cfg.StrOpt('runtime_dir', help='Short folder for sockets and mounts; default: /run (root) or $XDG_RUNTIME_DIR.'),
    cfg.StrOpt('flavors_file', help='YAML list of {id, name, ram, vcpus, disk}; default: the list in the package.'),
    cfg.BoolOpt('limits', default=True, help='Confine memory and CPU by cgroup where that is permitted.'),
]
