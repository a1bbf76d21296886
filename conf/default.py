"""[DEFAULT]: where this deployment keeps its state."""

from oslo_config import cfg

GROUP = 'DEFAULT'
OPTIONS = [
    cfg.StrOpt('state_dir', default='./var', help='Directory of everything this deployment keeps on disk.'),
    cfg.BoolOpt('json_logs', default=False, help='Write log lines as JSON objects.'),
    cfg.StrOpt('log_level', default='INFO', help='Lowest level that is logged.'),
]
