"""[container]: database servers in containers; read by the control plane, they travel with each command."""

from oslo_config import cfg

GROUP = 'container'
OPTIONS = [
    cfg.StrOpt(
        'socket',
        mutable=True,
        help="The container daemon's Unix socket where the agent is; default: /run/docker.sock,"
        ' or /run/podman/podman.sock where only that is.',
    ),
    cfg.StrOpt(
        'archives',
        mutable=True,
        help='The folder, where the agent is, of archives that images are brought from; default: '
        '/usr/share/dbaas/images.',
    ),
]
