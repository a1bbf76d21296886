"""What views work with: made once by create_app, found through the application."""

import dataclasses
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import flask
from oslo_config import cfg

from dbaas.api.callers import Callers
from dbaas.cloud.protocol import Questions
from dbaas.policy import Policy
from dbaas.services.instances import Instances
from dbaas.services.logins import Logins
from dbaas.services.operations import Operations
from dbaas.services.quotas import Quotas

if TYPE_CHECKING:
    from dbaas.db.operations import Job
    from dbaas.db.session import Database

EXTENSION = 'dbaas'


@dataclasses.dataclass(frozen=True)
class Parts:
    """post: puts jobs on the board, after the commit. ready: whether /healthcheck may say so."""

    conf: cfg.ConfigOpts
    db: 'Database'
    post: 'Callable[[Sequence[Job]], Any]'
    cloud: Questions
    guest: Any  # asked by calls that need an answer from the instance itself
    policy: Policy
    callers: Callers
    identity: Logins  # asked by /identity, which is there with the token file only
    operations: Operations
    instances: Instances
    quotas: Quotas
    ready: Callable[[], bool]


def parts() -> Parts:
    return flask.current_app.extensions[EXTENSION]
