"""A project sees its own limits."""

from dbaas.policy import READER, rule

RULES = (rule('limits:index', READER, 'List limits.', 'GET', '/limits'),)
