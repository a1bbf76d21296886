"""What a step leaves behind, made fit to be stored: results are small JSON, failures carry no secret."""

import json
import re
from collections.abc import Iterable
from typing import Any

from taskflow.types import failure

LIMIT = 16384  # characters of a result's JSON, or of an error

# what SQL clients and HTTP libraries put into their messages
_PATTERNS = (
    re.compile(
        r"(?i)(identified\s+(?:by|via|with)\s+(?:\S+\s+(?:using|as|by)\s+)?(?:password\s+)?)('[^']*'|\"[^\"]*\")"
    ),
    re.compile(r'(?i)(password\s*[=(:]\s*)(\S+)'),
    re.compile(r'(?i)(x-auth-token\W+)(\S+)'),
    re.compile(r'(://[^/\s:@]+:)([^@\s]+)(?=@)'),
)


class BadResult(Exception):
    """A step returned what a reload would change or what no logbook should hold: a defect of the step."""


def check_result(step: str, result: Any) -> None:
    """Raises BadResult, naming the step; TaskFlow would notice when it saves, and try for ever."""
    try:
        text = json.dumps(result, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise BadResult(f'{step} returned something that is not JSON: {error}') from None
    if len(text) > LIMIT or json.loads(text) != result:
        raise BadResult(f'{step} returned {len(text)} characters, or tuples or keys that JSON changes')


def scrub(text: str, secrets: Iterable[str] = ()) -> str:
    """Without the given secrets and without what looks like one."""
    for secret in secrets:
        if len(secret) >= 4:
            text = text.replace(secret, '***')
    for pattern in _PATTERNS:
        text = pattern.sub(r'\1***', text)
    return text if len(text) <= LIMIT else text[:LIMIT] + ' …'


def stored(found: failure.Failure, secrets: Iterable[str] = ()) -> failure.Failure:
    """The same failure as it may be kept: no traceback, no secret in its text."""
    values = list(secrets)

    def clean(value: Any) -> Any:
        if isinstance(value, str):
            return scrub(value, values)
        if isinstance(value, (list, tuple)):
            return [clean(v) for v in value]
        return value if isinstance(value, (int, float, bool, type(None))) else scrub(str(value), values)

    return failure.Failure(
        exc_info=None,
        exc_args=clean(found.exception_args or ()),
        exception_str=scrub(found.exception_str, values),
        exc_type_names=list(found),
        traceback_str=None,
    )


def reason(found: failure.Failure) -> str:
    """One line for the person who reads it."""
    kind = next(iter(found), 'error').rpartition('.')[2]
    text = found.exception_str.strip() or kind
    return text if kind in _SELF_EXPLAINING else f'{kind}: {text}'


_SELF_EXPLAINING = (
    'CommandFailed', 'CloudError', 'GuestError', 'GuestUnreachable', 'CommandRefused',
    'DeadlineExceeded', 'BadResult',
)  # fmt: skip
