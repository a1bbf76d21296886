"""[guest]: what the control plane expects of agents."""

from oslo_config import cfg

GROUP = 'guest'
OPTIONS = [
    cfg.FloatOpt('heartbeat_interval', default=10.0, min=0.1, help="Seconds between an agent's heartbeats."),
    cfg.FloatOpt(
        'heartbeat_expiry',
        mutable=True,
        default=90.0,
        min=0.2,
        help='A heartbeat older than this makes an instance ERROR.',
    ),
    cfg.FloatOpt('restart_after', default=5.0, min=0.1, help='Seconds between looks for dead agents (local cloud).'),
]
