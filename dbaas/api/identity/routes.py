"""Identity for those who have a token: the token itself, projects and users of the token file."""

from typing import Any

import flask
from flask.views import MethodView

from dbaas.api import guards
from dbaas.api.guards import authorize, context
from dbaas.api.identity import documents, entrance, schemas
from dbaas.api.parsing import Blueprint
from dbaas.api.parts import parts
from dbaas.exceptions import NotFound, Unauthorized
from dbaas.services.identity_file import Identity
from dbaas.services.logins import Login

blp = Blueprint('identity', __name__, url_prefix='/identity/v3', description='Tokens, projects and users')
blp.before_request(guards.authenticate)


@blp.route('/auth/tokens')
class Tokens(MethodView):
    @authorize('identity:validate_token', 'identity:validate_token:all')
    @blp.response(200, schemas.TokenDocument)
    def get(self) -> Any:
        """Show what the token in X-Subject-Token stands for"""
        return entrance.answer(_subject('identity:validate_token:all'), 200)

    @authorize('identity:revoke_token', 'identity:revoke_token:all')
    @blp.response(204)
    def delete(self) -> None:
        """Revoke the token in X-Subject-Token, in this process"""
        parts().identity.revoke(_subject('identity:revoke_token:all'))


@blp.route('/auth/projects')
class OwnProjects(MethodView):
    @authorize('identity:list_own_projects')
    @blp.response(200, schemas.Projects)
    def get(self) -> dict[str, Any]:
        """List the projects that the caller's token can be exchanged for"""
        token = flask.request.headers['X-Auth-Token']
        return {'projects': _views(parts().identity.opened_by(token)), 'links': documents.links('/auth/projects')}


@blp.route('/auth/catalog')
class Catalog(MethodView):
    @authorize('identity:get_catalog')
    @blp.response(200, schemas.Catalog)
    def get(self) -> dict[str, Any]:
        """Show where the services are"""
        project_id = context().project_id
        services = documents.catalog(project_id) if project_id else []
        return {'catalog': services, 'links': documents.links('/auth/catalog')}


@blp.route('/projects')
class Projects(MethodView):
    @authorize('identity:list_projects', 'identity:list_projects:all')
    @blp.arguments(schemas.ProjectFilter, location='query')
    @blp.response(200, schemas.Projects)
    def get(self, wanted: dict[str, str]) -> dict[str, Any]:
        """List projects: the caller's own, administrators see all"""
        found = [one for one in _visible('identity:list_projects:all') if _fits(one, wanted)]
        return {'projects': _views(found), 'links': documents.links('/projects')}


@blp.route('/projects/<target_project_id>')
class Project(MethodView):
    @authorize('identity:get_project')
    @blp.response(200, schemas.ProjectDocument)
    def get(self, target_project_id: str) -> dict[str, Any]:
        """Show a project"""
        for one in parts().identity.file.identities():
            if one.project_id == target_project_id and _may('identity:get_project', target_project_id):
                return {'project': documents.project(one)}
        raise NotFound(f'Could not find project: {target_project_id}.')


@blp.route('/users/<user_id>')
class User(MethodView):
    @authorize('identity:get_user', 'identity:get_user:all')
    @blp.response(200, schemas.UserDocument)
    def get(self, user_id: str) -> dict[str, Any]:
        """Show a user"""
        for one in _visible('identity:get_user:all'):
            if one.user_id == user_id:
                return {'user': documents.user(one)}
        raise NotFound(f'Could not find user: {user_id}.')


def _subject(rule: str) -> Login:
    """Raises NotFound for a token that is not valid, or another user's and `rule` does not allow that."""
    token = flask.request.headers.get('X-Subject-Token', '')
    try:
        login = parts().identity.look(token)
    except Unauthorized:
        raise NotFound('This is not a recognized token.') from None
    if login.identity.user_id != context().user_id and not _may(rule):
        raise NotFound('This is not a recognized token.')
    return login


def _may(rule: str, project_id: str | None = None) -> bool:
    return parts().policy.allows(context(), rule, project_id)


def _visible(rule: str) -> list[Identity]:
    """The caller's own, or all where the rule allows that."""
    everybody = parts().identity.file.identities()
    return everybody if _may(rule) else [one for one in everybody if one.user_id == context().user_id]


def _fits(one: Identity, wanted: dict[str, str]) -> bool:
    return (
        wanted.get('name', one.project_name) == one.project_name
        and wanted.get('domain_id', documents.DOMAIN['id']) == documents.DOMAIN['id']
        and wanted.get('enabled', 'true').lower() not in ('false', '0')
    )


def _views(identities: list[Identity]) -> list[dict[str, Any]]:
    """One for each project."""
    return list({one.project_id: documents.project(one) for one in identities}.values())
