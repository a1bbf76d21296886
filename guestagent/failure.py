"""The one error of the agent: what a person reads when a command fails, and how it is kept free of secrets."""

import re
from collections.abc import Iterable, Iterator
from typing import Any

# a verifier of mysql_native_password, also cut off as in "syntax error near '…"
VERIFIER = re.compile(r'\*[0-9A-Fa-f]{6,40}')
LONGEST = 2000  # characters of a reason
SECRET_KEYS = frozenset({'verifier', 'password', 'secret', 'key'})


class CommandError(Exception):
    """A command failed for a reason that is known: what failed, on what, what to do."""


def secrets_in(args: Any) -> Iterator[str]:
    """Values of arguments that must never be shown."""
    if isinstance(args, dict):
        for key, value in args.items():
            if key in SECRET_KEYS and isinstance(value, str):
                yield value
            else:
                yield from secrets_in(value)
    elif isinstance(args, list):
        for value in args:
            yield from secrets_in(value)


def scrub(text: str, secrets: Iterable[str] = ()) -> str:
    """`text` without verifiers and the given secrets, and of bounded length."""
    for secret in secrets:
        if secret:
            text = text.replace(secret, '***')
    text = VERIFIER.sub('***', text)
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + '…'
