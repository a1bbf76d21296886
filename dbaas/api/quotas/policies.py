"""A project sees its quotas; administrators change them."""

from dbaas.policy import ADMIN, READER, rule

ONE = '/mgmt/quotas/{target_project_id}'

RULES = (
    rule('quota:show', READER, 'Show limits of a project and what it uses.', 'GET', ONE),
    rule('quota:update', ADMIN, 'Change limits of a project.', 'PUT', ONE),
)
