"""Plugins only, and eventlet kept out as every program of ours does it."""

from conf import messaging

messaging.prepare()

pytest_plugins = ['tests.fixtures', 'tests.servers.broker', 'tests.servers.openstack.fixtures', 'tests.servers.dockerd', 'tests.openstack.cloud_fixtures']
