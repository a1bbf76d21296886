"""[identity]: who may call."""

from oslo_config import cfg

GROUP = 'identity'
OPTIONS = [
    cfg.StrOpt(
        'token_file',
        help='YAML list of {token, user_id, user_name, project_id, project_name, roles}; '
        'default: identity.yaml in the state directory.',
    ),
]
