"""Flavors are no secret."""

from dbaas.policy import ANYONE, rule

RULES = (
    rule('flavor:index', ANYONE, 'List flavors.', 'GET', '/flavors'),
    rule('flavor:show', ANYONE, 'Show a flavor.', 'GET', '/flavors/{flavor_id}'),
)
