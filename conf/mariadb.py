"""[mariadb]: the engine's programs; read by the control plane, they travel with each command."""

from oslo_config import cfg

GROUP = 'mariadb'
OPTIONS = [
    cfg.StrOpt(
        'server_binary',
        mutable=True,
        help='The server program; default: mariadbd on PATH, in /usr/sbin or /usr/local/sbin.',
    ),
    cfg.StrOpt(
        'install_binary', mutable=True, help='The program that makes a data directory; default: mariadb-install-db.'
    ),
]
