"""A dbaas-simulator for a cluster on this machine: many simulated instances where real ones would be too heavy."""

import os
import sys

from dbaas.cli.cluster.process import Process
from dbaas.cloud.simulated.control import Control
from dbaas.cloud.simulated.wire import Wire
from dbaas.exceptions import CloudError

NAME = 'simulator'
PATIENCE = 30.0  # seconds to come up


class Simulator:
    """Below `<state>/simulator/`; a stopped or killed one continues with its world. options: of its command line."""

    def __init__(self, state: str, port: int, **options: float):
        self.url = f'http://127.0.0.1:{port}'
        self._folder, self._port, self._options = os.path.join(state, NAME), port, options
        self._process = Process(state, NAME, self._folder)

    @property
    def pid(self) -> int | None:
        return self._process.pid

    @property
    def control(self) -> Control:
        return Control(self.url)

    def start(self) -> None:
        """Returns when it answers. Raises Unavailable with its last words."""
        options = [word for name, value in self._options.items() for word in (f'--{name}', str(value))]
        program = os.path.join(os.path.dirname(sys.executable), 'dbaas-simulator')
        self._process.start([program, '--state', self._folder, '--port', str(self._port), *options])
        self._process.await_(self._answers, PATIENCE, 'the simulator')

    def stop(self) -> None:
        self._process.stop()

    def _answers(self) -> bool:
        try:
            return self.pid is not None and Wire(self.url, timeout=1.0).get('/healthcheck') == 'OK'
        except CloudError:
            return False
