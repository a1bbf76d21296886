"""Plugins only; eventlet kept out as every program of ours does it, and programs that can be interrupted."""

import signal

from conf import messaging

messaging.prepare()
# a shell's background job ignores it, and so would all that it starts
signal.signal(signal.SIGINT, signal.default_int_handler)

pytest_plugins = [
    'tests.fixtures',
    'tests.servers.broker',
    'tests.servers.dockerd',
    'tests.servers.openstack.fixtures',
    'tests.openstack.cloud_fixtures',
]
