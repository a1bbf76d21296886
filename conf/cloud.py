"""[cloud]: where servers, volumes and addresses come from."""

from oslo_config import cfg

GROUP = 'cloud'
OPTIONS = [
    cfg.StrOpt('driver', default='local', choices=['local', 'simulated', 'openstack'], help='The cloud to use.'),
]
