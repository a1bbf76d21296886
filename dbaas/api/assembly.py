"""The WSGI application put together from a deployment's parts."""

import os
from collections.abc import Callable, Sequence
from typing import Any

import flask
from oslo_config import cfg
from werkzeug.middleware.proxy_fix import ProxyFix

from dbaas import api
from dbaas.api import errors, guards, negotiation
from dbaas.api.asking import AskedCloud
from dbaas.api.callers import Callers, FileCallers
from dbaas.api.parts import EXTENSION, Parts
from dbaas.cloud.protocol import Questions
from dbaas.db.session import Database
from dbaas.policy import Policy
from dbaas.services.identity import TokenFile
from dbaas.services.instances import Instances
from dbaas.services.logins import Logins
from dbaas.services.operations import Operations
from dbaas.services.quotas import Quotas
from dbaas.services.secrets import Secrets

SPECIFICATION = {
    'API_TITLE': 'dbaas',
    'API_VERSION': negotiation.VERSION,
    'OPENAPI_VERSION': '3.0.3',
    'API_SPEC_OPTIONS': {
        'info': {'description': "OpenStack Trove's API, and beside it every operation as a flow to see and steer."},
        'security': [{'token': []}],
        'components': {
            'securitySchemes': {'token': {'type': 'apiKey', 'in': 'header', 'name': 'X-Auth-Token'}},
        },
    },
}


def create_app(
    conf: cfg.ConfigOpts,
    *,
    db: Database,
    post: Callable[[Sequence[Any]], Any],
    cloud: Questions,
    operations: Operations,
    secrets: Secrets,
    guest: Any = None,
    ready: Callable[[], bool] = lambda: True,
    reports_since: Callable[[], float | None] = lambda: None,
) -> flask.Flask:
    """The WSGI application.

    post: puts jobs on the board, called after each commit that makes some. ready: what /healthcheck says.
    Raises Unavailable when [keystone_authtoken] lacks what Keystone takes.
    reports_since: when the receiver of guest reports began to listen (seconds since the epoch; None: always has).
    """
    asked, quotas = AskedCloud(cloud, conf.api.threads), Quotas(conf)
    logins = _logins(conf, secrets, db.clock)
    keystone = conf.identity.driver == 'keystone'
    app = _flask()
    app.extensions[EXTENSION] = Parts(
        conf=conf,
        db=db,
        post=post,
        cloud=asked,
        guest=guest,
        policy=Policy(conf, api.list_rules()),
        callers=_keystone(conf) if keystone else FileCallers(logins),
        identity=logins,
        operations=operations,
        instances=Instances(conf, asked, operations, secrets, quotas, db.clock, reports_since),
        quotas=quotas,
        ready=ready,
    )
    guards.install(app)
    specification = errors.Api(app)
    for blueprint in (*api.BLUEPRINTS, *(api.IDENTITY if conf.identity.serve_v3 and not keystone else ())):
        specification.register_blueprint(blueprint)
    _wrap(app, conf.api.proxies)
    return app


def _wrap(app: flask.Flask, proxies: int) -> None:
    served = negotiation.by_accept_header(app.wsgi_app)
    if proxies:
        served = ProxyFix(served, x_for=proxies, x_proto=proxies, x_host=proxies, x_port=proxies, x_prefix=proxies)
    app.wsgi_app = served  # type: ignore[method-assign, assignment]


def _keystone(conf: cfg.ConfigOpts) -> Callers:
    from dbaas.api.keystone import Keystone  # here: an API with a token file does without the middleware

    return Keystone(conf)


def _logins(conf: cfg.ConfigOpts, secrets: Secrets, clock: Callable[[], float]) -> Logins:
    file = TokenFile(conf.identity.token_file or os.path.join(conf.state_dir, 'identity.yaml'))
    return Logins(file, secrets.keyring, clock, conf.identity.token_ttl)


def _flask() -> flask.Flask:
    app = flask.Flask('dbaas', static_folder=None)
    app.config.update(SPECIFICATION)
    app.json.sort_keys = False  # type: ignore[attr-defined]
    app.url_map.merge_slashes = False  # an unknown path is 404, never a redirect
    return app
