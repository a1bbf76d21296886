"""Who may do what with instances; names are Trove's."""

from dbaas.policy import ADMIN, MEMBER, READER, rule

ONE = '/instances/{instance_id}'

RULES = (
    rule('instance:create', MEMBER, 'Create an instance.', 'POST', '/instances'),
    rule('instance:index', READER, 'List instances.', 'GET', '/instances'),
    rule('instance:detail', READER, 'List instances with details.', 'GET', '/instances/detail'),
    rule('instance:show', READER, 'Show an instance.', 'GET', ONE),
    rule('instance:update', MEMBER, 'Change an instance.', 'PUT', ONE),
    rule('instance:delete', MEMBER, 'Delete an instance.', 'DELETE', ONE),
    rule('instance:reset_status', ADMIN, 'Hold what an instance is busy with.', 'POST', f'{ONE}/action'),
    rule(
        'instance:force_delete',
        MEMBER,
        'Hold what an instance is busy with, before it is deleted.',
        'POST',
        f'{ONE}/action',
    ),
)
