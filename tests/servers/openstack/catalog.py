"""The services of the bed as Keystone lists them. Who comes by `public` goes through the fault proxy; the services
among themselves use `internal`."""

import pymysql

SERVICES = {  # of ours -> its type in the catalog, and the path below its port
    'keystone': ('identity', '/v3'),
    'glance': ('image', ''),
    'placement': ('placement', ''),
    'nova': ('compute', '/v2.1'),
    'neutron': ('network', ''),
    'cinder': ('block-storage', '/v3/%(project_id)s'),
    'swift': ('object-store', '/v1/AUTH_%(project_id)s'),
}
SET_URL = (
    'UPDATE endpoint e JOIN service s ON e.service_id = s.id SET e.url = %s WHERE s.type = %s AND e.interface = %s'
)


def url(service: str, port: int) -> str:
    return f'http://127.0.0.1:{port}{SERVICES[service][1]}'


def refresh(connection: pymysql.Connection, ports: dict[str, int]) -> None:
    """Put the ports of this run into what the template holds. ports: also `public_<service>`, the proxy's."""
    with connection.cursor() as cursor:
        for service, (kind, _) in SERVICES.items():
            for interface, port in (
                ('internal', ports[service]),
                ('admin', ports[service]),
                ('public', ports[f'public_{service}']),
            ):
                cursor.execute(SET_URL, (url(service, port), kind, interface))
    connection.commit()
