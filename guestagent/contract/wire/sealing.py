"""Messages both ways are sealed with the key of one instance (AES-256-GCM): it can speak for itself only.

An envelope is {'instance', 'nonce', 'sealed'}, the last two base64. Inside: {'at': seconds, 'body': JSON}.
The direction and what the message answers are authenticated with it, so none serves in another place.
"""

import base64
import binascii
import collections
import json
import os
import threading
import time
from collections.abc import Callable
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

TO_GUEST, FROM_GUEST, ANSWER, KEPT = 'to-guest', 'from-guest', 'answer', 'kept'
UNSEALED, FOREIGN, REPLAYED, LATE = 'unsealed', 'foreign', 'replayed', 'late'
WINDOW = 300.0  # seconds that a message may travel, and that its nonce is remembered
NONCE = 12

Envelope = dict[str, Any]


class Refused(Exception):
    """`reason` is one of UNSEALED, FOREIGN, REPLAYED, LATE."""

    def __init__(self, reason: str) -> None:
        super().__init__(f'the message is refused: {reason}')
        self.reason = reason


class Refusals:
    """How many messages were refused, by reason."""

    def __init__(self) -> None:
        self._counts: collections.Counter[str] = collections.Counter()
        self._lock = threading.Lock()

    def add(self, reason: str) -> None:
        with self._lock:
            self._counts[reason] += 1

    def counts(self) -> dict[str, int]:
        with self._lock:
            return dict(self._counts)


class Seen:
    """Nonces of the last WINDOW seconds. Older messages are refused by their time."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock, self._lock = clock, threading.Lock()
        self._nonces: collections.OrderedDict[tuple[str, str], float] = collections.OrderedDict()

    def admit(self, instance: str, nonce: str, at: float) -> None:
        """Raises Refused for a message that came before, or that was made too long ago (or ahead)."""
        now = self._clock()
        if abs(now - at) > WINDOW:
            raise Refused(LATE)
        with self._lock:
            while self._nonces and next(iter(self._nonces.values())) < now - 2 * WINDOW:
                self._nonces.popitem(last=False)
            if (instance, nonce) in self._nonces:
                raise Refused(REPLAYED)
            self._nonces[instance, nonce] = now


class Seal:
    """Seals and opens messages of one instance. `key` is 32 bytes."""

    def __init__(self, instance: str, key: bytes, clock: Callable[[], float] = time.time) -> None:
        self.instance, self._cipher, self._clock = instance, AESGCM(key), clock

    def close(self, direction: str, body: Any, about: str = '') -> Envelope:
        """The envelope of `body` (JSON). `about`: the nonce of the message that it answers."""
        nonce = os.urandom(NONCE)
        inside = json.dumps({'at': self._clock(), 'body': body}, separators=(',', ':')).encode()
        sealed = self._cipher.encrypt(nonce, inside, self._bound(direction, about))
        return {'instance': self.instance, 'nonce': _text(nonce), 'sealed': _text(sealed)}

    def open(self, direction: str, envelope: Any, about: str = '', seen: Seen | None = None) -> Any:
        """The body. With `seen`, each message is opened once and only while it is fresh.

        Raises Refused.
        """
        nonce, sealed = _parts(envelope)
        if envelope['instance'] != self.instance:
            raise Refused(FOREIGN)
        try:
            inside = json.loads(self._cipher.decrypt(nonce, sealed, self._bound(direction, about)))
        except InvalidTag:
            raise Refused(FOREIGN) from None
        if seen is not None:
            seen.admit(self.instance, envelope['nonce'], inside['at'])
        return inside['body']

    def _bound(self, direction: str, about: str) -> bytes:
        return f'{direction}|{self.instance}|{about}'.encode()


def claimed_instance(envelope: Any) -> str:
    """Whom an envelope says it is from, before that is proven. Raises Refused."""
    _parts(envelope)
    return str(envelope['instance'])


def _parts(envelope: Any) -> tuple[bytes, bytes]:
    try:
        nonce = base64.b64decode(envelope['nonce'], validate=True)
        sealed = base64.b64decode(envelope['sealed'], validate=True)
        whole = isinstance(envelope['instance'], str) and len(nonce) == NONCE and len(sealed) >= 16
    except (TypeError, KeyError, ValueError, binascii.Error):
        whole = False
    if not whole:
        raise Refused(UNSEALED)
    return nonce, sealed


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()
