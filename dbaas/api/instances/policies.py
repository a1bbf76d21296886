"""Who may do what with instances; names are Trove's."""

from dbaas.policy import ADMIN, ADMIN_OR_OWNER, rule

ONE = '/instances/{instance_id}'

RULES = (
    rule('instance:create', ADMIN_OR_OWNER, 'Create an instance.', 'POST', '/instances'),
    rule('instance:index', ADMIN_OR_OWNER, 'List instances.', 'GET', '/instances'),
    rule('instance:detail', ADMIN_OR_OWNER, 'List instances with details.', 'GET', '/instances/detail'),
    rule('instance:show', ADMIN_OR_OWNER, 'Show an instance.', 'GET', ONE),
    rule('instance:update', ADMIN_OR_OWNER, 'Change an instance.', 'PUT', ONE),
    rule('instance:delete', ADMIN_OR_OWNER, 'Delete an instance.', 'DELETE', ONE),
    rule('instance:reset_status', ADMIN, 'Hold what an instance is busy with.', 'POST', f'{ONE}/action'),
    rule(
        'instance:force_delete',
        ADMIN_OR_OWNER,
        'Hold what an instance is busy with, before it is deleted.',
        'POST',
        f'{ONE}/action',
    ),
)
