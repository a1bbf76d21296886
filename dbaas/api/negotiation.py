"""A URL without a version means the one that Accept names: application/vnd.openstack.trove+json;version=1.0."""

import re
from collections.abc import Callable, Iterable
from typing import Any

VERSION = 'v1.0'
ACCEPT = re.compile(r'application/vnd\.openstack\.trove\+[^;]+;\s*version=(\d+\.?\d*)')
VERSIONED = re.compile(r'/v\d+(\.\d+)?(/|$)')
UNKNOWN = 'dbaas.unknown_version'  # key in the WSGI environment, seen by guards

Application = Callable[[dict[str, Any], Any], Iterable[bytes]]


def by_accept_header(app: Application) -> Application:
    """WSGI middleware: puts the version before the path, or marks the request as not acceptable."""

    def application(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        path = environ.get('PATH_INFO', '')
        wanted = ACCEPT.search(environ.get('HTTP_ACCEPT', ''))
        if wanted and not VERSIONED.match(path):
            version = f'v{wanted[1]}'
            if version == VERSION:
                environ['PATH_INFO'] = f'/{VERSION}{path}'
            else:
                environ[UNKNOWN] = version
        return app(environ, start_response)

    return application
