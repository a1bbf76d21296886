"""The REST API: an explicit list of its resources, and of the policies of their routes."""

from oslo_policy.policy import DocumentedRuleDefault

from dbaas.api.datastores import policies as datastore_policies
from dbaas.api.datastores import routes as datastores
from dbaas.api.docs import routes as docs
from dbaas.api.flavors import policies as flavor_policies
from dbaas.api.flavors import routes as flavors
from dbaas.api.health import routes as health
from dbaas.api.identity import entrance
from dbaas.api.identity import policies as identity_policies
from dbaas.api.identity import routes as identity
from dbaas.api.instances import actions
from dbaas.api.instances import policies as instance_policies
from dbaas.api.instances import routes as instances
from dbaas.api.limits import policies as limit_policies
from dbaas.api.limits import routes as limits
from dbaas.api.operations import numbers, plan, verbs
from dbaas.api.operations import policies as operation_policies
from dbaas.api.operations import routes as operations
from dbaas.api.parsing import Blueprint
from dbaas.api.quotas import policies as quota_policies
from dbaas.api.quotas import routes as quotas
from dbaas.api.versions import routes as versions

BLUEPRINTS: tuple[Blueprint, ...] = (
    versions.blp,
    health.blp,
    docs.blp,
    instances.blp,
    actions.blp,
    datastores.blp,
    flavors.blp,
    limits.blp,
    quotas.blp,
    operations.blp,
    numbers.blp,
    verbs.blp,
    plan.blp,
)
IDENTITY: tuple[Blueprint, ...] = (entrance.blp, identity.blp)  # where there is no Keystone


def list_rules() -> list[DocumentedRuleDefault]:
    """Every rule: what oslopolicy-sample-generator calls."""
    return [
        *instance_policies.RULES,
        *datastore_policies.RULES,
        *flavor_policies.RULES,
        *limit_policies.RULES,
        *quota_policies.RULES,
        *identity_policies.RULES,
        *operation_policies.RULES,
    ]
