"""Before and after every request: request id, token, project, policy, size. No answer without a policy check."""

import contextlib
import dataclasses
import functools
import logging
import time
import uuid
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar, cast

import flask
from werkzeug.exceptions import NotAcceptable, NotFound

from conf import logs
from dbaas import exceptions, metrics
from dbaas.api import errors, fields, negotiation
from dbaas.api.negotiation import VERSION
from dbaas.api.parts import parts
from dbaas.context import RequestContext

LOG = logging.getLogger(__name__)
REHEARSAL = 'dbaas.rehearsal'  # key in the WSGI environment: set by us only, no header can make it
METHODS = ('GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE')

View = TypeVar('View', bound=Callable[..., Any])


def context() -> RequestContext:
    """The caller of this request."""
    return flask.g.ctx


def authorize(*rules: str) -> Callable[[View], View]:
    """The view runs only when policy allows the first rule to the caller; it checks the other ones itself."""

    def decorate(view: View) -> View:
        @functools.wraps(view)
        def checked(*args: Any, **kwargs: Any) -> Any:
            allow(rules[0])
            return view(*args, **kwargs)

        checked.rules = rules  # type: ignore[attr-defined]
        return cast(View, checked)

    return decorate


def authorize_by_key(table: Mapping[str, Any], rules: Iterable[str]) -> Callable[[View], View]:
    """The view finds its rule by the body's key in `table`, and calls `allow` itself."""

    def decorate(view: View) -> View:
        view.rules = tuple(rules)  # type: ignore[attr-defined]
        view.table = table  # type: ignore[attr-defined]
        return view

    return decorate


def public(view: View) -> View:
    """The view needs no token."""
    view.rules = ()  # type: ignore[attr-defined]
    return view


def allow(rule: str) -> None:
    """Raises Forbidden when policy does not let the caller do it to what is his own."""
    parts().policy.check(context(), rule)
    flask.g.authorized = True


def install(app: flask.Flask) -> None:
    app.before_request(_enter)
    app.after_request(_leave)
    app.teardown_request(_forget)
    app.url_value_preprocessor(_drop_project)


def _enter() -> None:
    request = flask.request
    flask.g.began = time.perf_counter()
    flask.g.request_id = f'req-{uuid.uuid4()}'
    flask.g.logging = contextlib.ExitStack()
    flask.g.logging.enter_context(logs.about(flask.g.request_id))
    segments = request.path.split('/')[1:]
    if request.method in ('HEAD', 'OPTIONS') and not (request.method == 'HEAD' and errors.is_keystones(request.path)):
        raise NotFound
    if negotiation.UNKNOWN in request.environ:
        raise NotAcceptable('The version is not supported.')
    if segments[0] == VERSION:
        authenticate()
        _check_project(segments[1] if len(segments) > 1 else '')
    if not fields.storable(request.path):
        raise NotFound
    if not all(fields.storable(text) for text in request.args.values()):
        raise exceptions.BadRequest('Validation error: the query contains control characters.')
    if (request.content_length or 0) > parts().conf.api.max_body:
        raise exceptions.OverLimit(f'The request body is larger than {parts().conf.api.max_body} bytes.')


def authenticate() -> None:
    """Find out who calls. Raises Unauthorized, or Unavailable when that cannot be found out."""
    ctx = parts().callers.of(flask.request.environ)
    administrator = parts().policy.allows(ctx, 'context_is_admin')
    flask.g.ctx = dataclasses.replace(ctx, request_id=flask.g.request_id, administrator=administrator)


def _check_project(project_id: str) -> None:
    ctx = context()
    if not ctx.project_id:
        raise exceptions.Unauthorized('The token is for no project: log in with one.')
    if project_id != ctx.project_id:
        raise exceptions.Forbidden(f"User {ctx.user_name} cannot access project {project_id}: not the token's project.")


def _drop_project(_endpoint: str | None, values: dict[str, Any] | None) -> None:
    """It equals the caller's: views take it from the context."""
    (values or {}).pop('project_id', None)


def _forget(_error: BaseException | None) -> None:
    """Log lines of this thread are no longer about this request."""
    if 'logging' in flask.g:
        flask.g.logging.close()


def _leave(response: flask.Response) -> flask.Response:
    needs_policy = 'ctx' in flask.g and response.status_code < 400
    if needs_policy and 'authorized' not in flask.g:
        LOG.critical('%s %r was answered without a policy check', flask.request.method, flask.request.path)
        body, code = errors.answer(500, 'The server has no policy for this request.')
        response = flask.make_response(flask.jsonify(body), code)
    response.headers['x-openstack-request-id'] = flask.g.get('request_id', '')
    if response.status_code == 401 and parts().callers.challenge:
        response.headers['WWW-Authenticate'] = parts().callers.challenge
    if flask.g.get('operation_id') and response.status_code < 400:
        response.headers['X-Dbaas-Operation-Id'] = flask.g.operation_id
    if REHEARSAL not in flask.request.environ:
        _count(response.status_code)
    return response


def _count(status: int) -> None:
    request = flask.request
    method = request.method if request.method in METHODS else 'other'
    route = request.url_rule.rule if request.url_rule else 'none'
    metrics.API_REQUESTS.labels(method, route, str(status)).inc()
    metrics.API_SECONDS.labels(method, route).observe(time.perf_counter() - flask.g.began)
