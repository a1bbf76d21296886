"""[secrets]: the keys that seal secrets at rest."""

from oslo_config import cfg

GROUP = 'secrets'
OPTIONS = [
    cfg.StrOpt(
        'key_file',
        help='File with the key-encryption keys (0600); default: keys.yaml in the state directory.',
    ),
]
