"""Logging in: Keystone's versions document and POST /v3/auth/tokens, which need no token."""

from typing import Any

import flask
from flask.views import MethodView

from dbaas.api.guards import public
from dbaas.api.identity import documents, schemas
from dbaas.api.parsing import Blueprint
from dbaas.api.parts import parts
from dbaas.exceptions import Unauthorized
from dbaas.services import logins
from dbaas.services.logins import Login, Scope

blp = Blueprint('entrance', __name__, url_prefix='/identity', description='Logging in as with Keystone v3')


@blp.route('/', strict_slashes=False)
class Versions(MethodView):
    @public
    @blp.doc(security=[])
    @blp.response(300, schemas.VersionsDocument)
    def get(self) -> dict[str, Any]:
        """List versions of the identity API"""
        return {'versions': {'values': [documents.version()]}}


@blp.route('/v3/', strict_slashes=False)
class Version(MethodView):
    @public
    @blp.doc(security=[])
    @blp.response(200, schemas.VersionDocument)
    def get(self) -> dict[str, Any]:
        """Show the version of the identity API"""
        return {'version': documents.version()}


@blp.route('/v3/auth/tokens')
class Tokens(MethodView):
    @public
    @blp.doc(security=[])
    @blp.arguments(schemas.AuthRequest)
    @blp.response(201, schemas.TokenDocument)
    def post(self, body: dict[str, Any]) -> Any:
        """Log in with a password, or with a token for another scope"""
        login = _login(body['auth']['identity'], _scope(body['auth'].get('scope')))
        return answer(login, 201)


def answer(login: Login, code: int) -> flask.Response:
    """The token's document, the token itself in the header."""
    content = {'token': documents.token(login, with_catalog='nocatalog' not in flask.request.args)}
    response = flask.make_response(flask.jsonify(content), code)
    response.headers['X-Subject-Token'] = login.token
    response.headers['Vary'] = 'X-Auth-Token'
    return response


def _login(identity: dict[str, Any], scope: Scope) -> Login:
    """Raises Unauthorized, also for a method that there is not."""
    methods = identity['methods']
    if methods == ['token'] and 'token' in identity:
        return parts().identity.by_token(identity['token']['id'], scope)
    if methods != ['password'] or 'password' not in identity:
        raise Unauthorized('Attempted to authenticate with an unsupported method: use password or token.')
    user = identity['password']['user']
    who = {'user_id': user['id']} if 'id' in user else {'name': user.get('name', '')}
    if 'id' not in user and not _ours(user.get('domain')):
        who = {'name': ''}  # nobody's: it is refused like a wrong password
    return parts().identity.by_password(user['password'], scope, **who)


def _scope(asked: dict[str, Any] | None) -> Scope:
    """Raises Unauthorized: nobody has a role on a domain or on the system."""
    if asked is None:
        return Scope()
    if 'unscoped' in asked:
        return Scope(none=True)
    project = asked.get('project')
    if not project or ('id' not in project and not ('name' in project and _ours(project.get('domain')))):
        raise Unauthorized(logins.REFUSED)
    if 'id' in project:
        return Scope(project_id=project['id'])
    return Scope(project_name=project['name'])


def _ours(domain: dict[str, Any] | None) -> bool:
    """Whether it names the only domain, or none."""
    if not domain:
        return True
    if 'id' in domain:
        return bool(domain['id'] == documents.DOMAIN['id'])
    return str(domain.get('name', '')).lower() == documents.DOMAIN['name'].lower()
