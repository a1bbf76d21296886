"""Which faults a route may answer, for the OpenAPI document: all that may happen, and no 'default' that hides one."""

import http
from collections.abc import Mapping
from typing import Any

import marshmallow as ma

from dbaas.api.errors import is_keystones

ANY = (400, 404, 406, 413, 503)
WITH_TOKEN = (401, 403)
CHANGES = (409, 415, 422, 501)


class KeystoneFaultDetail(ma.Schema):
    code = ma.fields.Integer(required=True)
    message = ma.fields.String(required=True)
    title = ma.fields.String(required=True)


class KeystoneFault(ma.Schema):
    error = ma.fields.Nested(KeystoneFaultDetail, required=True)


def faults(method: str, needs_token: bool) -> tuple[int, ...]:
    """Status codes of a route, by what happens to every request before and in its view."""
    return ANY + (WITH_TOKEN if needs_token else ()) + (() if method == 'get' else CHANGES)


def describe(doc: dict[str, Any], info: Mapping[str, Any], *, method: str, prefix: str) -> dict[str, Any]:
    """An operation's `doc` with its faults; `info` is what flask-smorest's decorators left at the view."""
    needs_token = info.get('manual_doc', {}).get('security') != []
    responses = doc.setdefault('responses', {})
    responses.pop('default', None)
    for code in faults(method, needs_token or is_keystones(prefix)):
        responses[code] = _keystones(code) if is_keystones(prefix) else http.HTTPStatus(code).name
    return doc


def _keystones(code: int) -> dict[str, Any]:
    content = {'application/json': {'schema': KeystoneFault}}
    return {'description': http.HTTPStatus(code).phrase, 'content': content}
