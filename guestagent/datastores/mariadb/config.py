"""The server's configuration, rendered from a template by flavor."""

import os
from typing import Any

import jinja2

from guestagent.place import Place

MIB = 1  # sizes are in MiB


def sizes(flavor: dict[str, Any]) -> dict[str, Any]:
    """Buffers by the memory of a flavor {'ram': MiB}: half for InnoDB, a quarter below 512 MiB."""
    ram = int(flavor.get('ram') or 512)
    pool = ram // 2 if ram >= 512 else ram // 4
    return {
        'buffer_pool': max(pool, 8),
        'log_file': _within(pool // 32, 8, 1024),
        'log_buffer': _within(pool // 32, 2, 64),
        'page_cache': _within(ram // 64, 1, 128),
        'temporary_table': _within(ram // 64, 4, 64),
        'connections': _within(ram // 8, 20, 2000),
        'open_tables': _within(ram // 2, 128, 4000),
        'performance_schema': ram >= 1024,
    }


def render(place: Place, flavor: dict[str, Any], address: str, port: int) -> str:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader('guestagent.datastores.mariadb'),
        undefined=jinja2.StrictUndefined,
        keep_trailing_newline=True,
        autoescape=False,
    )
    template = environment.get_template('server.cnf.j2')
    # root without an identity of its own to give it: the server must be told that this is meant
    as_root = place.identity is None and os.geteuid() == 0
    return template.render(place=place, address=address, port=port, as_root=as_root, **sizes(flavor))


def _within(value: int, least: int, most: int) -> int:
    return max(least, min(value, most))
