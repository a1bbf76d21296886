"""[simulated]: the simulated cloud in a process of its own, for several processes of a control plane."""

from oslo_config import cfg

GROUP = 'simulated'
OPTIONS = [
    cfg.StrOpt('url', help='Of a dbaas-simulator: http://127.0.0.1:port; default: a world in this process.'),
    cfg.FloatOpt('timeout', default=5.0, min=0.05, help='Seconds for one try of a call.'),
    cfg.FloatOpt('patience', default=30.0, min=0, help='Seconds for all tries of a call whose failure may pass.'),
]
