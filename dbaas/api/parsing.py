"""Reading bodies and query strings: our parser and blueprint, with Trove's answers to what does not fit."""

import json
from collections.abc import Iterator
from typing import Any, NoReturn

import flask
import flask_smorest
import marshmallow as ma
from webargs.flaskparser import FlaskParser

from dbaas import exceptions
from dbaas.api import answers


class Parser(FlaskParser):
    """400 in the fault format; unknown keys at the root of a body are refused, in a query string ignored."""

    DEFAULT_VALIDATION_STATUS = 400
    DEFAULT_UNKNOWN_BY_LOCATION = {**FlaskParser.DEFAULT_UNKNOWN_BY_LOCATION, 'json': None, 'query': ma.EXCLUDE}

    def load_json(self, req: flask.Request, schema: ma.Schema) -> Any:
        return json_body(req)

    def handle_error(self, error: ma.ValidationError, *_: Any, **__: Any) -> NoReturn:
        raise exceptions.BadRequest(explain(error.messages))


class Blueprint(flask_smorest.Blueprint):
    """Its routes say in the OpenAPI document which faults they may answer."""

    ARGUMENTS_PARSER = Parser()

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self._prepare_doc_cbks.append(self._describe_faults)

    def _describe_faults(self, doc: dict[str, Any], info: Any, *, method: str, **_: Any) -> dict[str, Any]:
        return answers.describe(doc, info, method=method, prefix=self.url_prefix or '')


def json_body(request: flask.Request) -> Any:
    """The parsed body. Raises UnsupportedMediaType for anything but JSON, BadRequest for what is not JSON."""
    if request.mimetype and not request.is_json:
        raise exceptions.UnsupportedMediaType(f'Content type {request.mimetype} is not application/json.')
    raw = request.get_data()
    if not raw:
        raise exceptions.BadRequest('Validation error: the request has no body.')
    try:
        return json.loads(raw, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise exceptions.BadRequest('Malformed request body: it is not JSON.') from None


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f'{name} is not JSON')


def explain(messages: Any) -> str:
    """'Validation error: instance.volume.size Not a valid integer.; ...'"""
    return 'Validation error: ' + '; '.join(f'{path} {text}'.strip() for path, text in _flat(messages))


def _flat(messages: Any, path: str = '') -> Iterator[tuple[str, str]]:
    if isinstance(messages, dict):
        for key, value in messages.items():
            step = '' if key == '_schema' else str(key)[:80]
            yield from _flat(value, f'{path}.{step}'.strip('.'))
    else:
        for text in messages if isinstance(messages, list) else [messages]:
            yield path, str(text)
