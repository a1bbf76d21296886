"""The ports of a bed: chosen when it starts first, kept with its state, free or its own."""

import json
import pathlib

from tests.servers.openstack.programs import PORTS
from tests.servers.ports import lasting_port


def choose() -> dict[str, int]:
    """Below the range of outgoing connections, all different."""
    return {name: lasting_port() for name in PORTS}


def kept(state: pathlib.Path) -> dict[str, int]:
    """Those that this state was started with last; empty before its first start."""
    path = state / 'ports.json'
    return json.loads(path.read_text()) if path.exists() else {}


def keep(state: pathlib.Path, ports: dict[str, int]) -> None:
    (state / 'ports.json').write_text(json.dumps(ports, indent=1))
