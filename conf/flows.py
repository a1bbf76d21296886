"""[flows]: deadlines of steps and what happens when one fails."""

from oslo_config import cfg

GROUP = 'flows'


def _deadline(name: str, seconds: int, what: str) -> cfg.Opt:
    return cfg.FloatOpt(
        f'{name}_deadline', mutable=True, default=seconds, min=0.1, help=f'Seconds that {what} may take.'
    )


OPTIONS = [
    cfg.DictOpt(
        'failure_policy',
        default={},
        help="What a failed step does, by operation type: 'hold' keeps everything for an operator, 'abort' undoes it. "
        'Types not named keep the default of their flow.',
    ),
    _deadline('step', 120, 'a step with no deadline of its own'),
    _deadline('volume', 600, 'a volume or snapshot to become usable, or to be gone,'),
    _deadline('server', 600, 'a server from its creation to ACTIVE, or from its deletion to gone,'),
    _deadline('guest', 600, "a guest from its server's start to its first sign of life"),
    _deadline('database', 600, 'a database server to start or stop'),
    _deadline('demo', 7 * 24 * 3600, 'a demo.wait'),
    cfg.FloatOpt(
        'poll_interval',
        mutable=True,
        default=2.0,
        min=0.01,
        help='Seconds after which a waiting step looks again itself. Reports and heartbeats of guests wake it at once.',
    ),
    cfg.FloatOpt(
        'first_poll_interval',
        mutable=True,
        default=0.25,
        min=0.01,
        help='The same for a step that waits for the cloud, which sends no events: for its first two minutes; then the '
        'pause grows with the time waited, up to poll_interval. [conductor] timer_interval comes on top.',
    ),
]
