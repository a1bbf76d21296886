"""[conductor]: the worker that runs flows, and its timers."""

from oslo_config import cfg

GROUP = 'conductor'
OPTIONS = [
    cfg.StrOpt('name', help='Name shown in operations; default: <host>-<pid>.'),
    cfg.IntOpt('workers', default=4, min=1, help='Flows that run at the same time; waiting ones need no worker.'),
    cfg.FloatOpt('timer_interval', mutable=True, default=0.25, min=0.01, help='Seconds between looks for due waits.'),
    cfg.FloatOpt(
        'recheck_after',
        default=1.0,
        min=0,
        help='A claim whose last commit is older than this is read again before the next step; 0: always.',
    ),
    cfg.FloatOpt(
        'show_start_after',
        mutable=True,
        default=0.5,
        min=0,
        help='A step running longer than this is shown as RUNNING.',
    ),
    cfg.FloatOpt(
        'reconcile_interval', mutable=True, default=5.0, min=0.1, help='Seconds between looks for lost jobs and guests.'
    ),
    cfg.FloatOpt(
        'sweep_interval', mutable=True, default=60.0, min=0.1, help='Seconds between searches for orphans in the cloud.'
    ),
    cfg.FloatOpt(
        'claim_timeout', mutable=True, default=60.0, min=1, help='A claim without a sign of life for this long is lost.'
    ),
]
