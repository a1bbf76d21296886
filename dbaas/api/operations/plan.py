"""POST .../operations/plan: the real request, by the same route code up to the commit, then rolled back."""

from typing import Any

import flask
from flask.views import MethodView
from werkzeug.test import EnvironBuilder, run_wsgi_app

from dbaas import exceptions
from dbaas.api.guards import REHEARSAL, authorize, context
from dbaas.api.negotiation import VERSION
from dbaas.api.operations import schemas
from dbaas.api.parsing import Blueprint
from dbaas.api.work import Rehearsal

CREDENTIALS = ('X-Auth-Token', 'X-Service-Token')

blp = Blueprint('plans', __name__, url_prefix='/v1.0/<project_id>', description='What a request would do')


@blp.route('/operations/plan')
class Plan(MethodView):
    @authorize('operation:plan')
    @blp.arguments(schemas.PlanRequest)
    @blp.response(200, schemas.OnePlan)
    def post(self, wish: dict[str, Any]) -> Any:
        """Show what a request would do, without doing it; what it would be refused for is refused here"""
        if REHEARSAL in flask.request.environ:
            raise exceptions.BadRequest('A plan cannot be planned.')
        rehearsal = Rehearsal()
        answer = _rehearse(wish, rehearsal)
        if answer.status_code >= 400:
            return answer
        if rehearsal.plan is None:
            raise exceptions.BadRequest(f'{wish["method"]} {wish["path"][:200]} starts no operation.')
        return {'plan': rehearsal.plan}


def _rehearse(wish: dict[str, Any], rehearsal: Rehearsal) -> flask.Response:
    path = wish['path']
    if not path.startswith(f'/{VERSION}/'):
        path = f'/{VERSION}/{context().project_id}{path}'
    builder = EnvironBuilder(
        path=path,
        method=wish['method'],
        base_url=flask.request.host_url,
        json=wish['body'],
        headers=[(name, value) for name in CREDENTIALS if (value := flask.request.headers.get(name))],
    )
    environ = {**builder.get_environ(), REHEARSAL: rehearsal}
    try:
        body, status, headers = run_wsgi_app(flask.current_app.wsgi_app, environ, buffered=True)
    finally:
        builder.close()
    return flask.Response(list(body), status, content_type=headers.get('Content-Type'))
