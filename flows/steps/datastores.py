"""What the flows know of each datastore: its port, and the option group that names its programs."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Known:
    port: int  # the engine's standard one, on an address of the instance's own
    options: str  # group of conf with server_binary and install_binary


DATASTORES = {
    'mariadb': Known(port=3306, options='mariadb'),
}
