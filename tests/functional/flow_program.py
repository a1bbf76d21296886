"""The installed `dbaas-flow` as a process, on a simulated deployment."""

import os
import subprocess
import sys
from typing import Any

from tests.functional.simulated_deployment import ADMIN, SimulatedDeployment

PROGRAM = os.path.join(os.path.dirname(sys.executable), 'dbaas-flow')


class FlowProgram:
    def __init__(self, deployment: SimulatedDeployment):
        self._deployment = deployment

    def environment(self, token: str = ADMIN['token']) -> dict[str, str]:
        bare = {name: value for name, value in os.environ.items() if not name.startswith('OS_')}
        return bare | {'OS_AUTH_TYPE': 'admin_token', 'OS_ENDPOINT': self._deployment.url, 'OS_TOKEN': token}

    def __call__(self, *args: str, code: int = 0, **environment: str) -> subprocess.CompletedProcess:
        """Run it to its end, which must be exit code `code`, into pipes and without anybody to ask."""
        done = subprocess.run(
            [PROGRAM, *args],
            env=self.environment(**environment),
            text=True,
            capture_output=True,
            stdin=subprocess.DEVNULL,
            timeout=60,
            check=False,
        )
        assert done.returncode == code, done.stdout + done.stderr
        assert 'Traceback' not in done.stderr
        return done

    def start(self, *args: str) -> subprocess.Popen[Any]:
        return subprocess.Popen(
            [PROGRAM, *args], env=self.environment(), text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
