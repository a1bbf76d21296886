"""[DEFAULT]: where this deployment keeps its state."""

from oslo_config import cfg

GROUP = 'DEFAULT'
OPTIONS = [
    cfg.StrOpt('state_dir', default='./var', help='Directory of everything this deployment keeps on disk.'),
]
