"""Our end of the wire to guests: orders and questions, sealed with the key of each instance."""

import time
from collections.abc import Callable
from typing import Any

from dbaas import exceptions
from guestagent.contract import version
from guestagent.contract.commands import Command, Outcome
from guestagent.contract.wire import sealing

PAUSE = 0.05  # seconds between tries

Keys = Callable[[str], bytes]  # instance id -> its key; raises LookupError or NotFound for one that has none


class Guests:
    """Calls bear repeating: a command has an id, and the guest answers a repeated one with its first result.

    `timeout`: seconds for an answer. Errors: GuestUnreachable (it may have run), CommandRefused.
    """

    def __init__(self, transport: Any, keys: Keys, timeout: float = 5.0) -> None:
        self._transport, self._keys, self._timeout = transport, keys, timeout

    def submit(self, instance_id: str, command: Command) -> Outcome:
        """Hand over an order; state 'running', or what became of it before. Waits for an agent that is away."""
        request = {'kind': 'submit', 'command': command.to_dict()}
        return Outcome.from_dict(self._call(instance_id, request, patient=True)['outcome'])

    def ask(self, instance_id: str, command_id: str) -> Outcome:
        """What became of an order; state 'unknown': it never came. No wait for an agent that is away."""
        return Outcome.from_dict(self._call(instance_id, {'kind': 'ask', 'id': command_id})['outcome'])

    def ping(self, instance_id: str) -> dict[str, Any]:
        """{'version', 'pid', 'instance', 'state', 'volume': {'total', 'used'}, 'refused': counts}. No wait either."""
        pong: dict[str, Any] = self._call(instance_id, {'kind': 'ping'})['ping']
        return pong

    def _call(self, instance_id: str, request: dict[str, Any], patient: bool = False) -> dict[str, Any]:
        import oslo_messaging

        from guestagent.contract.wire.failures import BrokerAway, NobodyListens, PeerLost

        deadline = time.monotonic() + self._timeout
        while True:
            try:
                return self._once(instance_id, request, deadline - time.monotonic(), patient)
            except oslo_messaging.MessagingException as error:
                # killed or cut off in between: the next agent, a new line answers for it
                again = patient and isinstance(error, (BrokerAway, NobodyListens, PeerLost))
                if not again or time.monotonic() + PAUSE >= deadline:
                    raise _unreachable(instance_id, error) from error
                time.sleep(PAUSE)

    def _once(self, instance_id: str, request: dict[str, Any], timeout: float, patient: bool) -> dict[str, Any]:
        from guestagent.contract.wire import bus

        seal = sealing.Seal(instance_id, self._keys(instance_id))
        envelope = seal.close(sealing.TO_GUEST, {'version': version.VERSION, **request})
        target = bus.guest_target(instance_id)
        client = bus.client(self._transport, target, max(timeout, 0.001), retry=1 if patient else 0)
        sealed = client.call({}, 'deliver', envelope=envelope)
        return _opened(seal, sealed, envelope['nonce'])


def _opened(seal: sealing.Seal, sealed: Any, nonce: str) -> dict[str, Any]:
    if isinstance(sealed, dict) and 'refused' in sealed:  # in clear: it could not open what we sent
        raise exceptions.CommandRefused(f'the guest of {seal.instance} refused us: {sealed["refused"]}')
    try:
        answer: dict[str, Any] = seal.open(sealing.ANSWER, sealed, about=nonce)
    except sealing.Refused as error:
        text = f"the answer for instance {seal.instance} is not its guest's: {error}"
        raise exceptions.CommandRefused(text) from error
    if 'refused' in answer:
        raise exceptions.CommandRefused(f'the guest of {seal.instance} refused: {answer["refused"]}')
    return answer


def _unreachable(instance_id: str, error: Exception) -> exceptions.GuestUnreachable:
    return exceptions.GuestUnreachable(f'no answer from the guest of instance {instance_id}: {error}')
