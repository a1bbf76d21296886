"""RabbitMQ: whether our user gets in, and may make users for guests."""

from collections.abc import Iterator
from typing import Any

from dbaas.cli.manage.deployment import Deployment
from dbaas.cli.manage.findings import Finding, failed, ok
from dbaas.exceptions import Unavailable

TRY = 5.0  # seconds for a connection
LEAST = (3, 8)
RIGHTS = ('configure', 'write', 'read')


def broker(deployment: Deployment) -> Iterator[Finding]:
    """Each server of [messaging] transport_url by AMQP."""
    url, group = _parsed(deployment)
    for host in url.hosts:
        where = f'{host.hostname}:{host.port or 5672}'
        reason = _refused(host, url.virtual_host or '/', group)
        if reason:
            remedy = 'start it, or mend [messaging] transport_url: host, port, user, password, virtual host, ssl'
            yield failed('RabbitMQ', f'{where}: {reason}', remedy)
        else:
            yield ok('RabbitMQ', f'{where}, virtual host {url.virtual_host or "/"}')


def _parsed(deployment: Deployment) -> tuple[Any, Any]:
    """The transport URL and oslo.messaging's options for RabbitMQ, which a URL may change."""
    from conf import messaging

    messaging.prepare()
    import oslo_messaging

    conf = deployment.conf
    messaging.register(conf, conf.messaging.transport_url)
    return oslo_messaging.TransportURL.parse(conf, conf.messaging.transport_url), conf[messaging.RABBIT]


def _refused(host: Any, vhost: str, group: Any) -> str | None:
    """Why a connection cannot be made; None: it can."""
    import amqp
    from amqp.exceptions import AMQPError

    connection = amqp.Connection(
        f'{host.hostname}:{host.port or 5672}', userid=host.username, password=host.password, virtual_host=vhost,
        connect_timeout=TRY, read_timeout=TRY, ssl={'ca_certs': group.ssl_ca_file or None} if group.ssl else False,
        login_method='PLAIN',
    )  # fmt: skip
    try:
        connection.connect()
    except (AMQPError, OSError) as error:
        return getattr(error, 'reply_text', None) or getattr(error, 'strerror', None) or type(error).__name__
    connection.close()
    return None


def management(deployment: Deployment) -> Iterator[Finding]:
    """Its management API: version, and whether our user may make others with rights in our virtual host."""
    from oslo_config import cfg

    from dbaas.guest.management import Management

    options = deployment.conf.messaging
    if not options.management_url:
        yield failed('RabbitMQ management', 'no [messaging] management_url', 'set it: guests get users by it')
        return
    try:
        yield _judged(
            Management(options.management_url, options.management_ca_file), _parsed(deployment)[0].virtual_host or '/'
        )
    except (Unavailable, cfg.Error) as error:
        remedy = 'rabbitmq-plugins enable rabbitmq_management; mend [messaging] management_url'
        yield failed('RabbitMQ management', str(error), remedy)


def _judged(api: Any, vhost: str) -> Finding:
    name, overview = 'RabbitMQ management', api.get('overview') or {}
    version = str(overview.get('rabbitmq_version', '0'))
    user = api.get('whoami') or {}
    tags = user.get('tags') or []
    tags = tags.split(',') if isinstance(tags, str) else tags
    if tuple(int(part) for part in version.split('.')[:2] if part.isdigit()) < LEAST:
        return failed(name, f'RabbitMQ {version}', 'install RabbitMQ 3.10 or newer')
    if 'administrator' not in tags:
        return failed(
            name, f'user {user.get("name")} may not make users', _remedy('set_user_tags', user, 'administrator')
        )
    if api.get('vhosts', vhost) is None:
        return failed(name, f'there is no virtual host {vhost}', f'rabbitmqctl add_vhost {vhost}')
    rights = api.get('permissions', vhost, user['name']) or {}
    if any(rights.get(right) != '.*' for right in RIGHTS):
        what = f'user {user["name"]} has not all rights in virtual host {vhost}'
        return failed(name, what, f"rabbitmqctl set_permissions -p {vhost} {user['name']} '.*' '.*' '.*'")
    return ok(name, f'RabbitMQ {version}, user {user["name"]} makes users in virtual host {vhost}')


def _remedy(command: str, user: dict[str, Any], value: str) -> str:
    return f'rabbitmqctl {command} {user.get("name")} {value}'
