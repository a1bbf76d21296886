"""What a configuration file says, as it is now: ports may change at each start."""

import pathlib

from oslo_config import cfg


def of(path: pathlib.Path) -> dict[str, dict[str, list[str]]]:
    """{group: {option: its values}}."""
    said: dict[str, dict[str, list[str]]] = {}
    cfg.ConfigParser(str(path), said).parse()
    return said
