"""Control plane and agent over each bus: commands, seals, contract versions, reports."""

import dataclasses
import os
import time
from collections.abc import Iterator
from typing import Any

import pytest

from dbaas import exceptions
from dbaas.guest.api import Guests
from guestagent.contract import states, version
from guestagent.contract.wire import bus, sealing
from guestagent.contract.wire.failures import NobodyListens
from tests.guest.plane import AgentProcess, Plane
from tests.waiting import until

pytestmark = [
    pytest.mark.parametrize('transport', ['unix', 'rabbit'], indirect=True),
    pytest.mark.xdist_group('rabbitmq'),
]


@pytest.fixture
def raw(plane: Plane, agent: AgentProcess) -> Iterator[Any]:
    """Sends any bytes to the agent, as somebody with access to the bus could."""
    until(lambda: _answers(agent), 20, 'the agent')
    client = bus.client(plane.transport, bus.guest_target(agent.instance), 5)
    yield lambda envelope: client.call({}, 'deliver', envelope=envelope)


def _answers(agent: AgentProcess) -> bool:
    try:
        return bool(agent.plane.guests.ping(agent.instance).get('state'))
    except exceptions.GuestUnreachable:
        return False


def test_unsealed_foreign_and_replayed_messages_are_refused_and_counted(
    plane: Plane, agent: AgentProcess, raw: Any
) -> None:
    seal = sealing.Seal(agent.instance, plane.keys[agent.instance])
    ping = {'kind': 'ping'}
    good = seal.close(sealing.TO_GUEST, ping)
    assert 'sealed' in raw(good)
    strangers = sealing.Seal(agent.instance, os.urandom(32)).close(sealing.TO_GUEST, ping)
    for envelope, why in ((good, 'replayed'), (strangers, 'foreign'), (ping, 'unsealed'), (None, 'unsealed')):
        assert raw(envelope) == {'refused': f'the message is refused: {why}'}
    assert plane.guests.ping(agent.instance)['refused'] == {'replayed': 1, 'foreign': 1, 'unsealed': 2}


def test_a_client_with_the_wrong_key_is_told(plane: Plane, agent: AgentProcess, raw: Any) -> None:
    stranger = Guests(plane.transport, lambda _: os.urandom(32), timeout=5)
    with pytest.raises(exceptions.CommandRefused, match='foreign'):
        stranger.ping(agent.instance)


def test_contract_version_verb_and_epoch(agent: AgentProcess) -> None:
    good = agent.command('stop', epoch=5)
    newer = dataclasses.replace(good, version=f'{version.MAJOR}.99')
    for bad, why in (
        (dataclasses.replace(good, version=f'{version.MAJOR + 1}.0'), 'contract version'),
        (dataclasses.replace(good, version='x'), 'contract version'),
        (dataclasses.replace(good, verb='format'), 'unknown verb'),
    ):
        with pytest.raises(exceptions.CommandRefused, match=why):
            agent.plane.guests.submit(agent.instance, bad)
        assert agent.plane.guests.ask(agent.instance, bad.id).state == states.UNKNOWN
    agent.plane.guests.submit(agent.instance, newer)
    assert agent.wait(newer.id).state == states.SUCCEEDED
    with pytest.raises(exceptions.CommandRefused, match=r'epoch 4 .* stale: 5'):
        agent.submit('stop', epoch=4)


def test_a_repeated_id_is_answered_with_its_first_result_even_after_kill_9(agent: AgentProcess) -> None:
    bad = agent.prepare_args() | {'server_binary': '/nowhere/mariadbd'}
    command = agent.command('prepare', step='prepare', **bad)
    agent.plane.guests.submit(agent.instance, command)
    first = agent.wait(command.id)
    mended = agent.command('prepare', step='prepare', **agent.prepare_args())
    assert mended.id == command.id
    assert agent.plane.guests.submit(agent.instance, mended) == first
    agent.kill()
    agent.start()
    assert agent.plane.guests.submit(agent.instance, mended) == first


def test_without_an_agent_questions_fail_at_once_and_orders_wait_for_one(plane: Plane) -> None:
    agent = AgentProcess(plane)
    plane.agents.append(agent)
    assert plane.transport.await_answers(30)
    began = time.monotonic()
    with pytest.raises(exceptions.GuestUnreachable, match=agent.instance):
        plane.guests.ping(agent.instance)
    with pytest.raises(exceptions.GuestUnreachable):
        plane.guests.ask(agent.instance, 'x')
    assert time.monotonic() - began < 4  # not the ten seconds that an order waits
    with pytest.raises(exceptions.GuestUnreachable):
        Guests(plane.transport, plane.keys.__getitem__, timeout=0.5).submit(agent.instance, agent.command('stop'))
    agent.start()
    assert agent.submit('stop').state in (states.RUNNING, states.SUCCEEDED)


def test_reports_come_by_themselves_and_heartbeats_by_the_clock(plane: Plane) -> None:
    plane.receive()
    agent = plane.agent(heartbeat_interval=0.2)
    until(lambda: plane.last_beat(agent.instance).get('state') == states.BUILD, 20, 'the first sign of life')
    outcome = agent.do('stop')
    until(lambda: (agent.instance, outcome) in plane.outcomes, 30, 'the report')
    count = len(plane.beats)
    until(lambda: len(plane.beats) >= count + 5, 30, 'five heartbeats')
    assert plane.last_beat(agent.instance)['details']['version'] == version.VERSION


def test_an_outcome_is_reported_when_somebody_listens_at_last(plane: Plane, agent: AgentProcess) -> None:
    outcome = agent.do('stop')
    assert not plane.outcomes
    plane.receive()
    until(lambda: (agent.instance, outcome) in plane.outcomes, 30, 'the late report')


def _taken(sender: Any, envelope: Any) -> bool:
    try:
        sender.cast({}, 'deliver', envelope=envelope)
    except NobodyListens:
        return False
    return True


def test_reports_of_strangers_are_refused_and_counted(plane: Plane) -> None:
    reports = plane.receive()
    plane.keys['known'] = os.urandom(32)
    seal = sealing.Seal('known', plane.keys['known'])
    beat = seal.close(sealing.FROM_GUEST, {'kind': 'heartbeat', 'heartbeat': {'state': 'HEALTHY'}})
    unknown = sealing.Seal('unknown', os.urandom(32)).close(sealing.FROM_GUEST, {})
    sender = bus.client(plane.transport, bus.reports_target(), 5)
    until(lambda: _taken(sender, beat), 30, 'somebody who receives')
    for envelope in (beat, unknown, seal.close(sealing.TO_GUEST, {}), {'kind': 'heartbeat'}):
        sender.cast({}, 'deliver', envelope=envelope)
    until(lambda: sum(reports.refused.values()) == 4, 30, 'four refusals')
    assert reports.refused == {'replayed': 1, 'foreign': 2, 'unsealed': 1}
    until(lambda: plane.beats, 30, 'the one good report')
    assert plane.beats == [('known', {'state': 'HEALTHY'})]


def test_a_second_agent_of_an_instance_ends_with_3(agent: AgentProcess) -> None:
    until(lambda: _answers(agent), 20, 'the agent')
    first = agent.process
    agent.start()
    assert agent.process is not None and agent.process.wait(20) == 3
    agent.process = first
    assert 'Another agent has instance' in agent.log()
