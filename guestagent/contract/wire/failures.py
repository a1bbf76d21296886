"""What a send can end in, besides success: the same words on every transport."""

from typing import Any

from oslo_messaging import exceptions


class NobodyListens(exceptions.MessageDeliveryFailure, exceptions.MessagingTimeout):
    """No server took the message within the wait: it was not delivered."""


class PeerLost(exceptions.MessageDeliveryFailure, exceptions.MessagingTimeout):
    """Handed over, then the peer died or stayed silent: the outcome is unknown."""


class BrokerAway(exceptions.MessageDeliveryFailure, exceptions.MessagingTimeout):
    """The broker cannot be reached or refused us, or the line to it broke: the outcome is unknown."""


def too_long(size: int) -> tuple[Any, Exception, None]:
    """A message over the limit, in the shape that replies take failures in."""
    error = exceptions.MessageDeliveryFailure(f'{size} bytes are over the limit of a message')
    return type(error), error, None
