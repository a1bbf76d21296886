"""Fields of Trove's requests and answers that marshmallow does not have: strict, and harmless to store."""

import datetime
import ipaddress
import re
from typing import Any

import marshmallow as ma

LETTER_OR_DIGIT = re.compile(r'[0-9A-Za-z]')
DIGITS = re.compile(r'[0-9]{1,18}')


PLAIN = r'[^\x00-\x1f\x7f-\x9f]'  # a character that storable() takes, as the OpenAPI document says it


def _document(kwargs: dict[str, Any], **facts: Any) -> None:
    """What a field checks by itself stands in the OpenAPI document, too."""
    kwargs['metadata'] = {**facts, **kwargs.get('metadata', {})}


def storable(text: str) -> bool:
    """Whether every database takes it: no control character, no lone surrogate."""
    return text.isprintable() or not any(ord(char) < 32 or 127 <= ord(char) < 160 or _lone(char) for char in text)


def _lone(char: str) -> bool:
    return '\ud800' <= char <= '\udfff'


class Text(ma.fields.String):
    """Up to `longest` characters that can be stored; by default Trove's: one letter or digit at least."""

    def __init__(self, *, longest: int = 255, free: bool = False, **kwargs: Any):
        self._longest = longest
        self._free = free
        pattern = f'^{PLAIN}*$' if free else f'^{PLAIN}*[0-9A-Za-z]{PLAIN}*$'
        _document(kwargs, maxLength=longest, pattern=pattern)
        super().__init__(**kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        if not isinstance(value, str):
            raise self.make_error('invalid')
        if not (self._free or LETTER_OR_DIGIT.search(value)):
            raise ma.ValidationError('Must contain a letter or a digit.')
        if len(value) > self._longest:
            raise ma.ValidationError(f'Longer than {self._longest} characters.')
        if not storable(value):
            raise ma.ValidationError('Contains control characters.')
        return value


class Flag(ma.fields.Boolean):
    """A real JSON boolean."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> bool:
        if not isinstance(value, bool):
            raise self.make_error('invalid', input=value)
        return value


class Count(ma.fields.Integer):
    """A whole number of at least `least`; `numerals`: written as a string will do as well."""

    def __init__(self, *, least: int = 1, numerals: bool = False, **kwargs: Any):
        self._least = least
        self._numerals = numerals
        _document(kwargs, minimum=least)
        super().__init__(**kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> int:
        if self._numerals and isinstance(value, str) and DIGITS.fullmatch(value):
            value = int(value)
        if not isinstance(value, int) or isinstance(value, bool):
            raise self.make_error('invalid', input=value)
        if value < self._least:
            raise ma.ValidationError(f'Must be at least {self._least}.')
        return value


class Whole(ma.fields.Integer):
    """A whole number of a query, from least to most."""

    def __init__(self, least: int, most: int, **kwargs: Any):
        self._least, self._most = least, most
        super().__init__(**kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> int:
        if not DIGITS.fullmatch(str(value)) or not self._least <= int(value) <= self._most:
            raise ma.ValidationError(f'Must be a whole number from {self._least} to {self._most}.')
        return int(value)


class FlavorRef(ma.fields.Field):
    """A flavor's id as string or integer, a URL ending in /flavors/{id}, or an object with the id -> the id."""

    default_error_messages = {'invalid': 'Not a flavor id or URL.'}

    def __init__(self, **kwargs: Any):
        _document(kwargs, anyOf=[{'type': 'string', 'minLength': 1, 'maxLength': 1024}, {'type': 'integer'}])
        super().__init__(**kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        if isinstance(value, dict):
            value = value.get('id')
        if isinstance(value, int) and not isinstance(value, bool):
            return str(value)[:64]
        if not isinstance(value, str) or not value or len(value) > 1024 or not storable(value):
            raise self.make_error('invalid')
        _, is_url, last = value.rpartition('/flavors/')
        return last if is_url else value


class Network(ma.fields.String):
    """An IPv4 address, or an IPv4 network as address/length; kept as it was written."""

    default_error_messages = {'network': 'Not an IPv4 address or network.'}

    def __init__(self, **kwargs: Any):
        _document(kwargs, pattern=r'^(([1-9]?\d|1\d\d|2[0-4]\d|25[0-5])(\.(?!/|$)|(?=/|$))){4}(/([12]?\d|3[0-2]))?$')
        super().__init__(**kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        if not isinstance(value, str):
            raise self.make_error('invalid')
        try:
            ipaddress.IPv4Network(value, strict=False)
        except ValueError:
            raise self.make_error('network') from None
        if '.' in value.partition('/')[2]:  # a netmask
            raise self.make_error('network')
        return value


class Moment(ma.fields.String):
    """An ISO time in a query, UTC unless it says otherwise -> seconds since the epoch."""

    default_error_messages = {'moment': 'Not an ISO 8601 time.'}

    def __init__(self, **kwargs: Any):
        _document(kwargs, format='date-time')
        super().__init__(**kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> float:  # type: ignore[override]
        try:
            moment = datetime.datetime.fromisoformat(value)
        except ValueError:
            raise self.make_error('moment') from None
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=datetime.UTC)
        return moment.timestamp()


def timestamp(seconds: float) -> str:
    """Trove's form of a time: UTC, no zone letter, no fraction."""
    return datetime.datetime.fromtimestamp(int(seconds), datetime.UTC).strftime('%Y-%m-%dT%H:%M:%S')
