"""Who may do what: oslo.policy with the defaults in the code, one rule for every route."""

from collections.abc import Iterable

from oslo_config import cfg
from oslo_policy import policy

from dbaas import exceptions
from dbaas.context import RequestContext

ADMIN = 'rule:admin'
MEMBER = 'rule:project_member'
READER = 'rule:project_reader'
ANYONE = ''  # any valid token

BASE_RULES = (
    policy.RuleDefault('context_is_admin', 'role:admin', 'Who counts as an administrator.'),
    policy.RuleDefault('admin', 'rule:context_is_admin', 'Administrators.'),
    policy.RuleDefault(
        'project_member',
        'rule:admin or (role:member and project_id:%(project_id)s)',
        'Administrators, and members of the project.',
    ),
    policy.RuleDefault(
        'project_reader',
        'rule:project_member or (role:reader and project_id:%(project_id)s)',
        'Administrators, and members and readers of the project.',
    ),
    policy.RuleDefault(  # policy files that were written for Trove refer to it
        'admin_or_owner', 'rule:admin or project_id:%(project_id)s', 'Administrators, and the project itself.'
    ),
    policy.RuleDefault('default', MEMBER, 'Rules that are not defined.'),
)


def rule(name: str, check: str, description: str, method: str, path: str) -> policy.DocumentedRuleDefault:
    """The default of one route; `path` begins after the project: '/instances/{instance_id}'."""
    full = f'/v1.0/{{project_id}}{path}'
    return policy.DocumentedRuleDefault(name, check, description, [{'method': method, 'path': full}])


class Policy:
    """Answers "may this caller do that?" from the defaults and, where there is one, the deployment's policy file."""

    def __init__(self, conf: cfg.ConfigOpts, rules: Iterable[policy.RuleDefault]):
        """Raises oslo_config.cfg.ConfigFilesNotFoundError when the named policy file does not exist."""
        path = conf.api.policy_file
        if path and not conf.find_file(path):
            raise cfg.ConfigFilesNotFoundError([path])
        self._enforcer = policy.Enforcer(conf, policy_file=path)
        self._enforcer.register_defaults([*BASE_RULES, *rules])
        self._enforcer.load_rules()
        self._enforcer.use_conf = bool(path)  # without a file there is nothing to look for at each check

    @property
    def names(self) -> set[str]:
        return set(self._enforcer.registered_rules)

    def allows(self, ctx: RequestContext, name: str, project_id: str | None = None) -> bool:
        """project_id: whose object it is; None: the caller's own."""
        owner = ctx.project_id if project_id is None else project_id
        target = {'project_id': owner, 'tenant': owner}  # 'tenant': in rules written for Trove
        return bool(self._enforcer.enforce(name, target, {**ctx.policy_credentials(), 'tenant': ctx.project_id}))

    def check(self, ctx: RequestContext, name: str, project_id: str | None = None) -> None:
        """Raises Forbidden naming the rule."""
        if not self.allows(ctx, name, project_id):
            raise exceptions.Forbidden(f'Policy does not allow {name} to be performed.')
