"""API, scheduler and volume service of Cinder in one process. Arguments: STATE PORT cinder.conf.

The port opens when all of them are up. Between them runs oslo.messaging's fake transport.
"""

import os
import sys

os.environ['OS_CINDER_DISABLE_EVENTLET_PATCHING'] = 'true'

import waitress


def main() -> None:
    port, conf = sys.argv[2:4]
    sys.argv = ['cinder-api', '--config-file', conf]
    import cinder.cmd.volume  # noqa: F401 - registers options of the command line, before that is read
    import os_brick
    from cinder import service
    from cinder.common import constants
    from cinder.wsgi import wsgi
    from oslo_config import cfg

    application = wsgi.initialize_application()
    os_brick.setup(cfg.CONF)
    service.Service.create(binary=constants.SCHEDULER_BINARY).start()
    name = cfg.CONF.enabled_backends[0]
    cfg.CONF.register_opt(cfg.StrOpt('backend_host'), group=name)
    service.Service.create(
        host=f'{cfg.CONF.host}@{name}', service_name=name, binary=constants.VOLUME_BINARY, coordination=True
    ).start()
    waitress.serve(application, listen=f'127.0.0.1:{port}', threads=6, ident=None, channel_timeout=600)


if __name__ == '__main__':
    main()
