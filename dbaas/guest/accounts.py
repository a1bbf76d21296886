"""The message broker's user of each guest: made before its machine, removed after it, with everything it owned.

The rights: its own queues and exchange, publishing to the reports, and the default exchange, which answers to calls
need. So it can push bytes into any queue but reads only its own; what they say is decided by sealing.
"""

import re
from typing import Any, Protocol
from urllib import parse

from oslo_config import cfg

from conf import messaging
from dbaas.guest.management import Management

CONNECTIONS = 10  # of one guest at a time: two agents that relieve each other
PAGE = 500
# messages older than sealing.WINDOW seconds are refused anyway; bytes: what a guest can make the broker keep
LIMITS = {'message-ttl': 300_000, 'max-length-bytes': 64 << 20, 'overflow': 'drop-head'}


class Accounts(Protocol):
    def create(self, instance_id: str, password: str) -> None:
        """Found or made; an existing one gets this password and these rights."""

    def url(self, instance_id: str, password: str) -> str | None:
        """The transport URL of this guest; None: that of the deployment, which holds no secret."""

    def delete(self, instance_id: str) -> None:
        """User, rights, queues and exchanges; what is not there is fine."""

    def owners(self) -> list[str]:
        """Ids of the instances that have a user: what the reconciler's sweep looks through."""


class NoAccounts:
    """Of a transport without a broker: who may speak is decided by the file system."""

    def create(self, instance_id: str, password: str) -> None:
        """Nothing to make."""

    def url(self, instance_id: str, password: str) -> str | None:
        return None

    def delete(self, instance_id: str) -> None:
        """Nothing was made."""

    def owners(self) -> list[str]:
        return []


class RabbitAccounts:
    """One virtual host belongs to one deployment. Errors: those of Management.

    hosts: 'host:port' as guests see them; options: of the transport, put into each guest's URL.
    """

    def __init__(self, management: Management, vhost: str, hosts: list[str], options: dict[str, str]) -> None:
        self._api, self._vhost, self._hosts, self._options = management, vhost, hosts, options
        self._limited = False

    def create(self, instance_id: str, password: str) -> None:
        user, own = name_of(instance_id), _own(instance_id)
        self._limit()
        self._api.put('users', user, body={'password': password, 'tags': ''})
        self._api.put('user-limits', user, 'max-connections', body={'value': CONNECTIONS})
        rights = {'configure': f'^{own}$', 'read': f'^{own}$', 'write': rf'^({own}|amq\.topic|amq\.default)$'}
        topics = {'exchange': 'amq.topic', 'write': '^reports$', 'read': '^$'}
        self._api.put('topic-permissions', self._vhost, user, body=topics)
        self._api.put('permissions', self._vhost, user, body=rights)

    def url(self, instance_id: str, password: str) -> str | None:
        login = f'{name_of(instance_id)}:{parse.quote(password, safe="")}'
        hosts = ','.join(f'{login}@{host}' for host in self._hosts)
        query = f'?{parse.urlencode(self._options)}' if self._options else ''
        return f'rabbit://{hosts}/{parse.quote(self._vhost, safe="/")}{query}'

    def delete(self, instance_id: str) -> None:
        """The user first: the broker ends its connections, and nothing comes back."""
        self._api.delete('users', name_of(instance_id))
        for kind in ('queues', 'exchanges'):
            for name in self._names(kind, instance_id):
                self._api.delete(kind, self._vhost, name)

    def owners(self) -> list[str]:
        """By the users with rights in our virtual host that are named like guests."""
        found = self._api.get('vhosts', self._vhost, 'permissions') or []
        return sorted(e['user'].removeprefix(_PREFIX) for e in found if e['user'].startswith(_PREFIX))

    def _names(self, kind: str, instance_id: str) -> list[str]:
        """Of everything that its rights let it make: whole, before the first is removed."""
        names: list[str] = []
        page, pages = 1, 1
        while page <= pages:
            query = {'page': page, 'page_size': PAGE, 'name': f'^{_own(instance_id)}$', 'use_regex': 'true'}
            found = self._api.get(kind, self._vhost, columns='name', **query) or {'items': [], 'page_count': 0}
            names += [item['name'] for item in found['items']]
            page, pages = page + 1, found['page_count']
        return names

    def _limit(self) -> None:
        """Once per process: bounds on what waits for somebody who does not come."""
        if not self._limited:
            policy = {'pattern': r'^(reports|guest)([._].*)?$', 'apply-to': 'queues', 'definition': LIMITS}
            self._api.put('policies', self._vhost, 'dbaas', body=policy)
            self._limited = True


_PREFIX = 'guest.'


def name_of(instance_id: str) -> str:
    """The user's name, which is its topic's and its exchange's, too."""
    return _PREFIX + instance_id


def _own(instance_id: str) -> str:
    """A regular expression of the names that are this guest's alone: 'guest.ID2' is not."""
    return rf'{re.escape(name_of(instance_id))}([._].*)?'


def of(conf: cfg.ConfigOpts) -> Accounts:
    """Of a deployment's transport. Raises cfg.ConfigFileValueError when the broker's management is not given."""
    if not messaging.brokered(conf):
        return NoAccounts()
    given = conf.messaging
    if not given.management_url:
        raise cfg.ConfigFileValueError(
            '[messaging] management_url is missing: each guest gets its own user of RabbitMQ through it'
        )
    import oslo_messaging

    messaging.register(conf, given.transport_url)
    url = oslo_messaging.TransportURL.parse(conf, given.transport_url)
    hosts = given.guest_hosts or [f'{_bracketed(host.hostname)}:{host.port or 5672}' for host in url.hosts]
    api = Management(given.management_url, given.management_ca_file)
    return RabbitAccounts(api, url.virtual_host or '/', hosts, _options(conf, url))


# options of [oslo_messaging_rabbit] that both sides must agree on, and how a guest makes sure of its broker
_SAME = (
    'rabbit_quorum_queue', 'rabbit_transient_quorum_queue', 'amqp_durable_queues', 'amqp_auto_delete',
    'rabbit_quorum_delivery_limit', 'rabbit_quorum_max_memory_length', 'rabbit_quorum_max_memory_bytes',
    'ssl', 'ssl_version', 'ssl_ca_file',
)  # fmt: skip


def _options(conf: cfg.ConfigOpts, url: Any) -> dict[str, str]:
    group = conf[messaging.RABBIT]
    return {name: str(group[name]) for name in _SAME if group[name]} | dict(url.query)


def _bracketed(host: str) -> str:
    return f'[{host}]' if ':' in host else host
