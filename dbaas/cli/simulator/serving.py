"""The process of a dbaas-simulator: world and HTTP server, until SIGTERM or SIGINT."""

import logging
import signal
import threading

from dbaas.cloud.simulated.program.server import Server
from dbaas.cloud.simulated.things import Latency
from dbaas.cloud.simulated.world import World


def serve(path: str, port: int, latency: Latency, duration: float, heartbeat: float) -> None:
    """path: of the journal; latency and the rest in seconds. Raises OSError when it cannot listen."""
    logging.basicConfig(level=logging.WARNING, format='%(asctime)s %(levelname)s %(name)s %(message)s')
    world = World(path=path, latency=latency, duration=duration, heartbeat=heartbeat)
    server = Server(world, port)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: threading.Thread(target=stop, args=[server]).start())
    world.start()
    logging.warning('listening on http://127.0.0.1:%d', server.server_port)
    try:
        server.serve_forever(poll_interval=0.1)
    finally:
        world.stop()


def stop(server: Server) -> None:
    """Calls that wait are let go; serve_forever() returns."""
    server.closing.set()
    server.shutdown()
