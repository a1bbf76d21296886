"""[openstack]: the cloud of the driver openstack; all that is made lies in one service project."""

from oslo_config import cfg

GROUP = 'openstack'
OPTIONS = [
    cfg.StrOpt('cloud', default='dbaas', help='Entry of clouds.yaml with the service user and the service project.'),
    cfg.StrOpt('clouds_file', help='Path of clouds.yaml; default: where openstacksdk looks for it.'),
    cfg.StrOpt('auth_url', help='Of Keystone, to use the application credential below instead of clouds.yaml.'),
    cfg.StrOpt('application_credential_id', help='Id of an application credential of the service user.'),
    cfg.StrOpt('application_credential_secret', secret=True, help='Its secret.'),
    cfg.StrOpt('ca_file', help="Who signed the services' certificates; default: that of clouds.yaml, or the system's."),
    cfg.StrOpt('region', help='Region of the catalog; default: that of clouds.yaml, or the only one.'),
    cfg.StrOpt('interface', choices=['public', 'internal', 'admin'], help='Endpoints to use; default: public.'),
    cfg.StrOpt('default_network', help='Name or id of the network of instances that ask for none; all may use it.'),
    cfg.StrOpt('management_network', help='Name or id of the network of the agents; default: none of its own.'),
    cfg.ListOpt('management_security_groups', help='Names or ids of its security groups; default: the default one.'),
    cfg.StrOpt('floating_network', help='Name or id of the external network of public instances; default: none.'),
    cfg.StrOpt('volume_type', help="Of volumes that ask for none; default: Cinder's default."),
    cfg.StrOpt('user_data_file', help='A #cloud-config or a script that every server gets beside ours.'),
    cfg.IntOpt('segment_size', default=32 * 1024**2, min=1, help='Bytes of a segment of a large object in Swift.'),
    cfg.FloatOpt('call_timeout', default=30.0, min=0.05, help='Seconds for one try of a call.'),
    cfg.FloatOpt('patience', default=60.0, min=0, help='Seconds for all tries of a call whose failure may pass.'),
]
