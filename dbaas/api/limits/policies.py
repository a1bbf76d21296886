"""A project sees its own limits."""

from dbaas.policy import ADMIN_OR_OWNER, rule

RULES = (rule('limits:index', ADMIN_OR_OWNER, 'List limits.', 'GET', '/limits'),)
