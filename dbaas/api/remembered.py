"""What Keystone said of tokens, in this process: keystonemiddleware's cache where there is no memcached.

The middleware bounds how long an answer counts ([keystone_authtoken] token_cache_time), looks at a token's own expiry
each time, and names tokens by their digests.
"""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable

MOST = 10_000  # tokens, a few KiB each: beyond, the oldest is asked for again


class Remembered:
    """Answers by key, each with the moment when it ends; all live equally long, so the first one ends first."""

    def __init__(self, clock: Callable[[], float] = time.monotonic):
        self._clock = clock
        self._lock = threading.Lock()
        self._found: OrderedDict[str, tuple[float, bytes]] = OrderedDict()

    def get(self, key: str) -> bytes | None:
        with self._lock:
            ends, value = self._found.get(key, (0.0, None))
            return value if ends > self._clock() else None

    def set(self, key: str, value: bytes, time: float) -> None:
        """time: seconds for which it counts."""
        with self._lock:
            now = self._clock()
            self._found.pop(key, None)
            while self._found and (len(self._found) >= MOST or next(iter(self._found.values()))[0] <= now):
                self._found.popitem(last=False)
            self._found[key] = (now + time, value)

    def __len__(self) -> int:
        return len(self._found)


class Looked:
    """The memory as the middleware looks into it; missing() is called before it hears that nothing is there."""

    def __init__(self, remembered: Remembered, missing: Callable[[], object]):
        self._remembered, self._missing = remembered, missing
        self.set = remembered.set

    def get(self, key: str) -> bytes | None:
        """Raises what missing() raises."""
        found = self._remembered.get(key)
        if found is None:
            self._missing()
        return found
