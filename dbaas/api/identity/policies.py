"""What a token may be used for, besides the API itself."""

from oslo_policy.policy import DocumentedRuleDefault

from dbaas.policy import ADMIN, ANYONE, READER

BASE = '/identity/v3'


def _rule(name: str, check: str, description: str, method: str, path: str) -> DocumentedRuleDefault:
    return DocumentedRuleDefault(name, check, description, [{'method': method, 'path': f'{BASE}{path}'}])


RULES = (
    _rule('identity:validate_token', ANYONE, 'Look at a token of the same user.', 'GET', '/auth/tokens'),
    _rule('identity:validate_token:all', ADMIN, 'Look at any token.', 'GET', '/auth/tokens'),
    _rule('identity:revoke_token', ANYONE, 'Revoke a token of the same user.', 'DELETE', '/auth/tokens'),
    _rule('identity:revoke_token:all', ADMIN, 'Revoke any token.', 'DELETE', '/auth/tokens'),
    _rule('identity:list_own_projects', ANYONE, 'List projects that the token opens.', 'GET', '/auth/projects'),
    _rule('identity:get_catalog', ANYONE, 'Show where the services are.', 'GET', '/auth/catalog'),
    _rule('identity:list_projects', ANYONE, "List the user's own projects.", 'GET', '/projects'),
    _rule('identity:list_projects:all', ADMIN, 'List all projects.', 'GET', '/projects'),
    _rule('identity:get_project', READER, 'Show a project.', 'GET', '/projects/{target_project_id}'),
    _rule('identity:get_user', ANYONE, 'Show oneself.', 'GET', '/users/{user_id}'),
    _rule('identity:get_user:all', ADMIN, 'Show any user.', 'GET', '/users/{user_id}'),
)
