"""Whoever may read sees flavors."""

from dbaas.policy import READER, rule

RULES = (
    rule('flavor:index', READER, 'List flavors.', 'GET', '/flavors'),
    rule('flavor:show', READER, 'Show a flavor.', 'GET', '/flavors/{flavor_id}'),
)
