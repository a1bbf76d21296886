"""[board]: where jobs wait for a conductor."""

from oslo_config import cfg

GROUP = 'board'
OPTIONS = [
    cfg.StrOpt(
        'driver',
        default='embedded',
        choices=['embedded', 'zookeeper'],
        help='embedded: in memory, one process; zookeeper: any number of processes.',
    ),
    cfg.StrOpt('hosts', default='127.0.0.1:2181', help='ZooKeeper servers: host:port,host:port/chroot.'),
    cfg.StrOpt('root', default='/dbaas', help='Node that everything of this deployment lies below.'),
    cfg.FloatOpt(
        'session_timeout',
        default=10.0,
        min=1,
        help='Seconds without a sign of life after which ZooKeeper gives the claims of a conductor to others.',
    ),
    cfg.StrOpt('username', help='Digest user; the nodes are then readable by this user only.'),
    cfg.StrOpt('password', secret=True, help='Password of the digest user.'),
    cfg.StrOpt('ca_file', help='Certificates that prove the servers; given, the connection is TLS.'),
    cfg.StrOpt('cert_file', help='Certificate of this program, where the servers ask for one.'),
    cfg.StrOpt('key_file', help='Its private key.'),
    cfg.FloatOpt('resync_interval', default=30.0, min=0.1, help='Seconds between looks at the whole board.'),
]
