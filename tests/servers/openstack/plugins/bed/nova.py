"""API, conductor, scheduler and three computes of Nova in one process.

Arguments: STATE PORT nova.conf KEYSTONE PLACEMENT. The last two are ports: computes that come up before these answer
would try again after a minute only. The port opens when all of them are up and known to the scheduler. Between them
runs oslo.messaging's fake transport.
"""

import contextlib
import os
import socket
import sys
import time
import traceback

os.environ['OS_NOVA_DISABLE_EVENTLET_PATCHING'] = '1'  # threads: read by the first import of nova
from oslo_service import backend

backend.init_backend(backend.BackendType.THREADING)  # the first service that is imported would choose another
# ruff: noqa: E402

import nova.conf
import nova.virt
import os_vif
import waitress
from nova import config, context, objects, service
from nova.compute import rpcapi as compute
from nova.conductor import rpcapi as conductor
from nova.objects import host_mapping
from nova.scheduler import rpcapi as scheduler
from oslo_log import log
from oslo_service import opts
from paste import deploy

from . import nodes


def main() -> None:
    port, conf, *needed = sys.argv[2:]
    nova.virt.__path__.append(os.path.dirname(__file__))  # where compute_driver is looked for
    config.parse_args(['nova-api', '--config-file', conf])
    log.setup(nova.conf.CONF, 'nova')
    nodes.write(nova.conf.CONF.state_path)
    objects.register_all()
    os_vif.initialize()
    opts.register_service_opts(nova.conf.CONF)
    _start(binary='nova-conductor', topic=conductor.RPC_TOPIC)
    _start(binary='nova-scheduler', topic=scheduler.RPC_TOPIC)
    for other in needed:
        _await(int(other))
    for host in nodes.HOSTS:
        nova.conf.CONF.set_override('host', host)  # its manager and driver read it while they are made
        _start(host=host, binary='nova-compute', topic=compute.RPC_TOPIC, topic_alt=compute.RPC_TOPIC_ALT)
    nova.conf.CONF.clear_override('host')
    host_mapping.discover_hosts(context.get_admin_context())
    waitress.serve(_api(), listen=f'127.0.0.1:{port}', threads=8, ident=None, channel_timeout=600)


def _await(port: int) -> None:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        with contextlib.suppress(ConnectionRefusedError):
            socket.create_connection(('127.0.0.1', port)).close()
            return
        time.sleep(0.05)
    raise TimeoutError(f'nobody listens on port {port}')


def _start(**what: str) -> None:
    started = service.Service.create(**what)
    started.start()
    started.service_ref.report_count += 1  # its first report would come after seconds; down until then, after a restart
    started.service_ref.save()


def _api():
    from nova.api.openstack import wsgi_app

    wsgi_app._setup_service(nova.conf.CONF.host, 'osapi_compute')
    return deploy.loadapp(f'config:{nova.conf.CONF.wsgi.api_paste_config}', name='osapi_compute')


if __name__ == '__main__':
    try:
        main()
    except Exception:  # noqa: BLE001 - whatever it is
        traceback.print_exc()
        os._exit(1)  # threads of what has started would keep it
