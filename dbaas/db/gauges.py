"""What SQL knows about the whole deployment, read when Prometheus asks: the same from every process of it."""

import logging
from collections.abc import Iterator

import sqlalchemy as sa
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from dbaas.db.session import Database
from dbaas.db.tables import HEARTBEATS, INSTANCES, OPERATIONS, WAITS
from dbaas.db.words import ALL, RUNNABLE, TERMINAL
from guestagent.contract import states as contract

LOG = logging.getLogger(__name__)
GUESTS = (contract.HEALTHY, contract.SHUTDOWN, contract.BUILD, contract.ERROR)
ACTIVE = tuple(state for state in ALL if state not in TERMINAL)

_o, _w, _h, _i = OPERATIONS.c, WAITS.c, HEARTBEATS.c, INSTANCES.c
_states = sa.select(_o.state, sa.func.count().label('number')).where(_o.state.in_(ACTIVE)).group_by(_o.state)
_kind = sa.case(
    *((_w.key.like(f'{kind}:%'), kind) for kind in ('guest', 'alarm', 'broker')),
    (_w.key.like(_w.operation_id.concat(':%')), 'command'),
    else_='cloud',
)
_parked = (
    sa.select(_w.step, _kind.label('kind'), sa.func.count(_w.operation_id.distinct()))
    .join(OPERATIONS, _o.id == _w.operation_id)
    .where(_o.state == 'WAITING')
    .group_by(_w.step, _kind)
)
_runnable = sa.select(sa.func.min(_o.updated)).where(_o.state.in_(RUNNABLE), _o.conductor.is_(None))
_claimed = sa.select(sa.func.min(_o.beat)).where(_o.state.in_(RUNNABLE), _o.conductor.is_not(None))
_guests = (
    sa.select(_h.state, sa.func.count(), sa.func.min(_h.at))
    .join(INSTANCES, _i.id == _h.instance_id)
    .where(_i.deleted.is_(None))
    .group_by(_h.state)
)


class Gauges(Collector):
    """Five short statements a scrape, over what is active; what has ended is not counted."""

    def __init__(self, db: Database):
        self._db = db

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Without an answer of the database only `dbaas_database_up` 0: the counters of the process are still shown."""
        found: list[GaugeMetricFamily] = []
        try:
            with self._db.read() as c:
                found = [*_operations(c, self._db.clock()), *_guest(c, self._db.clock())]
        except Exception as error:  # noqa: BLE001 - whatever the driver raises: the scrape goes on
            LOG.warning('metrics: the database does not answer: %s', type(error).__name__)
        yield GaugeMetricFamily('dbaas_database_up', 'Whether the database answered this scrape.', value=bool(found))
        yield from found


def _operations(c: sa.Connection, now: float) -> Iterator[GaugeMetricFamily]:
    states = GaugeMetricFamily('dbaas_operations', 'Operations that have not ended, by state.', labels=['state'])
    counted = {row.state: row.number for row in c.execute(_states)}
    for state in ACTIVE:
        states.add_metric([state], counted.get(state, 0))
    yield states
    parked = GaugeMetricFamily(
        'dbaas_parked', 'Waiting operations by step and by what they wait for.', labels=['step', 'kind']
    )
    for step, kind, count in c.execute(_parked):
        parked.add_metric([step, kind], count)
    yield parked
    yield _age(c, now, _runnable, 'dbaas_oldest_runnable_seconds', 'For how long an operation waits for a conductor.')
    yield _age(c, now, _claimed, 'dbaas_most_silent_claim_seconds', 'Since a claimed operation gave a sign of life.')


def _guest(c: sa.Connection, now: float) -> Iterator[GaugeMetricFamily]:
    counted, oldest = dict.fromkeys([*GUESTS, 'other'], 0), now
    for state, count, at in c.execute(_guests):
        counted[state if state in GUESTS else 'other'] += count  # a guest may say what it likes
        oldest = min(oldest, at)
    guests = GaugeMetricFamily('dbaas_guests', 'Guests by the state that they reported last.', labels=['state'])
    for state, count in counted.items():
        guests.add_metric([state], count)
    yield guests
    yield GaugeMetricFamily(
        'dbaas_oldest_heartbeat_seconds', 'Since the last heartbeat of the most silent guest.', value=now - oldest
    )


def _age(c: sa.Connection, now: float, oldest: sa.Select, name: str, what: str) -> GaugeMetricFamily:
    at = c.execute(oldest).scalar()
    return GaugeMetricFamily(name, f'{what} 0: there is none.', value=0 if at is None else max(now - at, 0))
