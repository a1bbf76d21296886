"""Plugins only, and eventlet kept out as every program of ours does it."""

from conf import messaging

messaging.prepare()

pytest_plugins = [
    'tests.fixtures',
    'tests.servers.broker',
    'tests.servers.dockerd',
    'tests.servers.openstack.fixtures',
    'tests.openstack.cloud_fixtures',
]
