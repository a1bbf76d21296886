"""A deployment whose guests speak through RabbitMQ: a real broker, agents and databases."""

import json
import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from dbaas.cli.cluster.rabbitmq import RabbitMQ
from tests.functional.deployment import PATIENCE, Deployment
from tests.guest.wires import RabbitWire
from tests.waiting import until

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group('rabbitmq')]


@pytest.fixture
def wire(broker: RabbitMQ) -> Iterator[RabbitWire]:
    made = RabbitWire(broker)
    yield made
    made.close()


@pytest.fixture
def deployment(tmp_path: Path, wire: RabbitWire, broker: RabbitMQ) -> Iterator[Deployment]:
    made = Deployment(tmp_path)
    made.configure(
        messaging={'transport_url': wire.url, 'management_url': broker.management_url, 'call_timeout': 2},
        conductor={'reconcile_interval': 0.5},
    )
    yield made
    made.close()


def test_a_create_outlives_the_brokers_absence_and_a_delete_leaves_nothing(
    deployment: Deployment, wire: RabbitWire, broker: RabbitMQ
) -> None:
    wire.cut()
    deployment.up()  # it needs no broker to begin
    instance, operation = deployment.create('through-rabbit')
    until(lambda: 'create-server' in dict(deployment.book.done(operation)), PATIENCE, 'the machine')
    until(lambda: deployment.book.state(operation) == 'WAITING', PATIENCE, 'it waits for the guest')
    wire.mend()
    until(lambda: 'wait-for-guest' in dict(deployment.book.done(operation)), PATIENCE, 'the guest')
    wire.cut()  # and once more, while commands go and come
    until(lambda: deployment.book.state(operation) in ('WAITING', 'SUCCEEDED'), PATIENCE, 'it waits for the broker')
    wire.mend()
    deployment.reach(operation, 'SUCCEEDED')
    done = deployment.book.done(operation)
    assert len(done) == len(set(done)) == len(dict(done)), done
    assert deployment.sql(deployment.login(instance, 'u', 'not-secret'), 'SELECT 7') == '7'
    assert wire.accounts.owners() == [instance]
    knows_its_own_login_only(deployment, instance, broker)
    deployment.gone(instance)
    assert deployment.traces.left(instance) == {}
    assert wire.accounts.owners() == []
    left = json.dumps([wire.api.get(kind, wire.vhost) for kind in ('queues', 'exchanges', 'permissions')])
    assert instance not in left


def knows_its_own_login_only(deployment: Deployment, instance: str, broker: RabbitMQ) -> None:
    path = deployment.state / 'instances' / instance / 'agent.json'
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
    text = path.read_text()
    assert json.loads(text)['transport_url'].startswith(f'rabbit://guest.{instance}:')
    admin = broker.url.split(':')[2].partition('@')[0]
    own = json.loads(text)['transport_url'].split(':')[2].partition('@')[0]
    assert admin not in text
    for pid in deployment.traces.agents(instance):
        for name in ('cmdline', 'environ'):
            said = Path(f'/proc/{pid}/{name}').read_bytes()
            assert own.encode() not in said and admin.encode() not in said
    columns = ('inputs', 'reason')
    rows = deployment.book.rows(f'SELECT {", ".join(columns)} FROM operation')
    results = deployment.book.rows('SELECT results FROM atomdetails')
    assert own not in str(rows) and own not in str(results)
