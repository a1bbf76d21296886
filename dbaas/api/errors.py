"""The one place where an error becomes an answer: Trove's fault, {"<name>": {"code": n, "message": "..."}}."""

import http
import logging
from typing import Any

import flask
import flask_smorest
import marshmallow as ma
from werkzeug.exceptions import HTTPException

from dbaas import exceptions

LOG = logging.getLogger(__name__)

FAULTS = {
    400: 'badRequest',
    401: 'unauthorized',
    403: 'forbidden',
    404: 'itemNotFound',
    406: 'notAcceptable',
    409: 'conflict',
    413: 'overLimit',
    415: 'badMediaType',
    422: 'unprocessableEntity',
    500: 'instanceFault',
    501: 'notImplemented',
    503: 'serviceUnavailable',
}
NOT_FOUND = 'The resource could not be found.'
Answer = tuple[dict[str, Any], int]


def fault(code: int, message: str) -> Answer:
    """Body and status; a code that Trove does not know is answered as the nearest that it does."""
    if code not in FAULTS:
        code = 400 if code < 500 else 500
    return {FAULTS[code]: {'code': code, 'message': message}}, code


def is_keystones(path: str) -> bool:
    """Whether clients expect Keystone's answers there."""
    return path == '/identity' or path.startswith('/identity/')


def answer(code: int, message: str) -> Answer:
    """The fault of this request, in the form that its client expects."""
    if not is_keystones(flask.request.path):
        return fault(code, message)
    return {'error': {'code': code, 'message': message, 'title': http.HTTPStatus(code).phrase}}, code


def for_users(error: exceptions.CloudError) -> str:
    """What is said instead of its own text, which names services, options and remedies: that goes to the log."""
    LOG.warning('%s %r: %s', flask.request.method, flask.request.path, error)
    return f'The cloud cannot be asked now; try again later. Request {flask.g.request_id} is in the log of the server.'


class FaultDetail(ma.Schema):
    code = ma.fields.Integer(required=True)
    message = ma.fields.String(required=True)


FaultSchema = ma.Schema.from_dict({name: ma.fields.Nested(FaultDetail) for name in FAULTS.values()}, name='Fault')


class Api(flask_smorest.Api):
    """flask-smorest with Trove's faults for everything that goes wrong, in its own code as in ours."""

    ERROR_SCHEMA = FaultSchema

    def _register_error_handlers(self) -> None:
        super()._register_error_handlers()
        assert self._app is not None
        self._app.register_error_handler(exceptions.DbaasError, self.handle_our_error)
        self._app.register_error_handler(Exception, self.handle_unexpected)

    def handle_http_exception(self, error: HTTPException) -> Answer:
        code = error.code or 500
        if code in (404, 405) or code < 400:  # Trove has neither 405 nor redirects
            return answer(404, NOT_FOUND)
        if code == 413:
            return answer(413, 'The request body is too large.')
        return answer(code, error.description or error.name)

    def handle_our_error(self, error: exceptions.DbaasError) -> Answer:
        if isinstance(error, exceptions.CloudError):
            return answer(error.status, for_users(error))
        if error.status >= 500:
            LOG.warning('%s %r: %s', flask.request.method, flask.request.path, getattr(error, 'reason', error))
        return answer(error.status, str(error))

    def handle_unexpected(self, error: Exception) -> Answer:
        """Nothing of it reaches the client but the id to look for in the log."""
        LOG.error('%s %r failed', flask.request.method, flask.request.path, exc_info=error)
        return answer(500, f'The server could not answer. Request {flask.g.request_id} is in its log.')
