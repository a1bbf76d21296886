"""The OpenAPI document, and a page that shows it without fetching anything from elsewhere."""

from importlib import resources
from typing import Any

import flask
from flask.views import MethodView
from flask_smorest import current_api

from dbaas.api.guards import public
from dbaas.api.parsing import Blueprint

blp = Blueprint('docs', __name__, description='This documentation')


@blp.route('/openapi.json')
class Document(MethodView):
    @public
    @blp.doc(security=[])
    @blp.response(200)
    def get(self) -> Any:
        """The OpenAPI document"""
        return flask.jsonify(current_api.spec.to_dict())


@blp.route('/docs')
class Browser(MethodView):
    @public
    @blp.doc(security=[])
    @blp.response(200, content_type='text/html')
    def get(self) -> flask.Response:
        """The OpenAPI document, to be read"""
        page = resources.files('dbaas.api.docs').joinpath('page.html').read_text()
        return flask.Response(page, mimetype='text/html')
