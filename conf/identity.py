"""[identity]: who may call."""

from oslo_config import cfg

GROUP = 'identity'
OPTIONS = [
    cfg.StrOpt(
        'driver',
        default='file',
        choices=[
            ('file', 'the token file, and logins at /identity/v3'),
            ('keystone', "Keystone's tokens, checked by keystonemiddleware as [keystone_authtoken] says"),
        ],
        help='Whose tokens the API takes.',
    ),
    cfg.StrOpt(
        'token_file',
        help='YAML list of {token, user_id, user_name, project_id, project_name, roles, password_hash}; '
        'default: identity.yaml in the state directory.',
    ),
    cfg.BoolOpt('serve_v3', default=True, help='Answer the calls of Keystone v3 that log in, under /identity.'),
    cfg.FloatOpt('token_ttl', default=3600.0, min=1, help='Seconds that a token given for a password is valid.'),
]
