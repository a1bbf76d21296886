"""[metrics]: the figures that each service shows to Prometheus."""

from oslo_config import cfg

GROUP = 'metrics'
OPTIONS = [
    cfg.HostAddressOpt('bind_host', default='127.0.0.1', help='Address that /metrics is served on, without a token.'),
    cfg.PortOpt('port', default=0, help='Port that /metrics is served on, one per process; 0: not served.'),
]
