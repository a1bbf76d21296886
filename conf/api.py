"""[api]: the REST service."""

from oslo_config import cfg

GROUP = 'api'
OPTIONS = [
    cfg.HostAddressOpt('bind_host', default='127.0.0.1', help='Address to listen on.'),
    cfg.PortOpt('bind_port', default=8779, help="Port to listen on; 8779 is Trove's."),
    cfg.IntOpt('threads', default=8, min=1, help='Requests served at the same time.'),
    cfg.IntOpt('page_size', mutable=True, default=20, min=1, help='Most rows of one page of a list.'),
    cfg.IntOpt('max_body', mutable=True, default=262144, min=1024, help='Largest request body, in bytes.'),
    cfg.FloatOpt(
        'sync_wait', default=5.0, min=0, help='Longest wait, in seconds, of calls that Trove answers at once.'
    ),
    cfg.IntOpt(
        'proxies',
        default=0,
        min=0,
        max=8,
        help='Web servers between clients and the API, each of which sets X-Forwarded-For, -Proto and -Host '
        '(-Port, -Prefix); these headers are believed of so many, and of none when it is 0.',
    ),
    cfg.FloatOpt(
        'cloud_patience',
        default=5.0,
        min=0.05,
        help='Seconds for all tries of a call to the cloud that a request waits for, and for one of them.',
    ),
    cfg.StrOpt('region', default='RegionOne', help='Region name shown in instances.'),
    cfg.StrOpt('policy_file', help='oslo.policy file with overrides of the defaults in the code.'),
]
