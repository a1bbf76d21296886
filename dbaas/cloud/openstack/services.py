"""The services of one cloud behind one connection of openstacksdk, made at the first call."""

import contextlib
import re
import threading
from collections.abc import Iterator
from typing import Any

import openstack
from keystoneauth1 import exceptions as kse
from keystoneauth1.session import TCPKeepAliveAdapter
from openstack import exceptions as sdk
from openstack.config import OpenStackConfig
from openstack.connection import Connection

from dbaas.cloud.openstack.service import Service, refusal
from dbaas.cloud.openstack.tries import Passing, Row
from dbaas.exceptions import CloudError

# type in the catalog -> (name for people, path of its API where the catalog has none, microversion)
# compute 2.46 is the last that tells the id of a server's flavor; volume 3.42 extends volumes in use
_KNOWN = {
    'compute': ('Nova', '/v2.1', '2.46'),
    'block-storage': ('Cinder', '/v3', '3.42'),
    'image': ('Glance', '/v2', None),
    'network': ('Neutron', '/v2.0', None),
    'object-store': ('Swift', '', None),
}
_CONNECTIONS = 64  # to one service at a time


class Services:
    """options: the group [openstack]. Used by all threads: keystoneauth's session bears that.

    patience: seconds that one try may take at most, whatever `call_timeout` says.
    """

    def __init__(self, options: Any, patience: float | None = None):
        self._options = options
        self._timeout = options.call_timeout if patience is None else min(options.call_timeout, patience)
        self._lock = threading.Lock()
        self._connection: Connection | None = None
        self._services: dict[str, Service] = {}

    @property
    def compute(self) -> Service:
        return self._service('compute')

    @property
    def volume(self) -> Service:
        return self._service('block-storage')

    @property
    def network(self) -> Service:
        return self._service('network')

    @property
    def image(self) -> Service:
        return self._service('image')

    @property
    def objects(self) -> Service:
        return self._service('object-store')

    @property
    def project(self) -> str:
        """The id of the service project, in which everything lies but the tenants' networks."""
        with self._alone():
            return self._project()

    @property
    def connection(self) -> Connection:
        """openstacksdk's, for what the driver itself does not ask. Raises CloudError."""
        with self._alone():
            return self._connected()

    def _service(self, type: str) -> Service:
        with self._alone():
            project = self._project()  # also later: a token that has expired is replaced here, not by all at once
            if type not in self._services:
                self._services[type] = self._found(type, project)
            return self._services[type]

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        """One thread asks Keystone, and the others wait: no longer than for a try of their own."""
        if not self._lock.acquire(timeout=self._timeout):
            raise Passing('Keystone: no answer yet to what another call has asked')
        try:
            yield
        finally:
            self._lock.release()

    def _found(self, type: str, project: str) -> Service:
        title, path, microversion = _KNOWN[type]
        connection = self._connected()
        what = f'Looking up {title}'
        try:
            url = connection.endpoint_for(type)
        except (kse.RetriableConnectionFailure, kse.DiscoveryFailure) as error:
            raise Passing(f'{what}: no answer from Keystone') from error
        except (kse.ClientException, sdk.SDKException) as error:
            raise refusal(what, error) from error
        if not url:
            raise CloudError(f'{what}: the catalog has no {type} for this region and interface; check [openstack]')
        url = whole(url, path)
        if type == 'block-storage' and project not in url:
            url = f'{url.rstrip("/")}/{project}'
        return Service(connection.session, title, type, url, microversion)

    def _project(self) -> str:
        connection = self._connected()
        try:
            found = connection.session.get_project_id()
        except (kse.RetriableConnectionFailure, kse.DiscoveryFailure) as error:
            raise Passing('Keystone: no answer to the request for a token') from error
        except kse.ClientException as error:
            raise refusal('Keystone: the request for a token', error) from error
        if not found:
            raise CloudError('Keystone: the service user has no project; name one in clouds.yaml')
        return str(found)

    def _connected(self) -> Connection:
        """Nothing is asked yet."""
        if self._connection is None:
            try:
                self._connection = self._connect()
                for scheme in ('http://', 'https://'):  # else urllib3 keeps 10 connections, and warns of each other one
                    self._connection.session.mount(scheme, TCPKeepAliveAdapter(pool_maxsize=_CONNECTIONS))
            except (sdk.SDKException, kse.ClientException, OSError) as error:
                raise CloudError(f'The cloud of [openstack] cannot be used: {error}') from error
        return self._connection

    def _connect(self) -> Connection:
        given = self._options
        common: Row = {'api_timeout': self._timeout, 'app_name': 'dbaas'}
        wanted = {'region_name': given.region, 'interface': given.interface, 'cacert': given.ca_file}
        common |= {name: value for name, value in wanted.items() if value}
        if not given.auth_url:
            files = [given.clouds_file] if given.clouds_file else None
            region = OpenStackConfig(config_files=files).get_one(cloud=given.cloud, **common)
            return Connection(config=region)
        auth = {
            'auth_url': given.auth_url,
            'application_credential_id': given.application_credential_id,
            'application_credential_secret': given.application_credential_secret,
        }
        return openstack.connect(
            auth_type='v3applicationcredential', auth=auth, load_yaml_config=False, load_envvars=False, **common,
        )  # fmt: skip


def whole(url: str, path: str) -> str:
    """With `path`, unless the catalog has a version in it; a host may be called v2cloud."""
    return url if re.search(r'[^/]/v\d', url) else url.rstrip('/') + path
