"""Operations in numbers: how long they take, and what is under way now. Of all projects: for operators."""

from typing import Any

from flask.views import MethodView

from dbaas.api.guards import authorize
from dbaas.api.operations import numbers_schemas as schemas
from dbaas.api.operations.routes import linked
from dbaas.api.parsing import Blueprint
from dbaas.api.parts import parts
from flows import stats

blp = Blueprint('operation-numbers', __name__, url_prefix='/v1.0/<project_id>', description='Operations in numbers')
DAY = 86_400  # seconds


@blp.route('/operations/stats')
class Stats(MethodView):
    @authorize('operation:stats')
    @blp.arguments(schemas.StatsQuery, location='query')
    @blp.response(200, schemas.Stats)
    def get(self, query: dict[str, Any]) -> dict[str, Any]:
        """Show how long operations and their steps took: p50, p95, failures"""
        types = [query['type']] if 'type' in query else stats.known_types()
        since = parts().db.clock() - query['days'] * DAY
        with parts().db.read() as c:
            return {'stats': stats.stats(c, types, since, query['samples'])}


@blp.route('/operations/summary')
class Summary(MethodView):
    @authorize('operation:summary')
    @blp.arguments(schemas.SummaryQuery, location='query')
    @blp.response(200, schemas.OneNow)
    def get(self, query: dict[str, Any]) -> dict[str, Any]:
        """Count what is under way, by state and by conductor, and name the oldest"""
        with parts().db.read() as c:
            found = stats.now(c, parts().db.clock(), **query)
        return {'summary': {**found, 'operations': [linked(row) for row in found['operations']]}}
