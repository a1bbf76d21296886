"""[messaging]: the bus between control plane and guests."""

from oslo_config import cfg

GROUP = 'messaging'
OPTIONS = [
    cfg.StrOpt(
        'transport_url', secret=True, help='oslo.messaging URL; default: unix:// in the runtime directory.'
    ),
    cfg.FloatOpt(
        'call_timeout', default=5.0, min=0.1, help='Longest wait, in seconds, for the answer of a guest.'
    ),
    cfg.IntOpt('workers', default=4, min=1, help='Reports of guests that are handled at the same time.'),
]
