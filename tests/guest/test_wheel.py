"""The second distribution alone: what goes into guests starts there and brings nothing of the control plane."""

import importlib.metadata
import json
import os
import pathlib
import subprocess
import sys

import pytest

from tests.guest.plane import Plane

TOP = pathlib.Path(__file__).parents[2]
# what the agent imports while it works, in the order in which it does
PROBE = """
import sys
from guestagent import main, machine, warm
from conf import messaging
messaging.bare_conf()
from guestagent import agent
from guestagent.datastores.mariadb import datastore
print('\\n'.join({name.partition('.')[0] for name, module in sys.modules.items() if module}))
"""
CONTROL_PLANE = {'dbaas', 'flows', 'conductor', 'flask', 'sqlalchemy', 'openstack', 'taskflow', 'kazoo', 'eventlet'}


@pytest.fixture(scope='module')
def environment(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """A virtual environment with the wheel and what it asks for, pinned."""
    folder = tmp_path_factory.mktemp('guest')
    tools = {**os.environ, 'PYTHON': sys.executable}
    subprocess.run([TOP / 'tools/guest/wheel', folder / 'wheels'], env=tools, check=True)
    wheel = next((folder / 'wheels').glob('dbaas_guestagent-*.whl'))
    subprocess.run([sys.executable, '-m', 'venv', folder / 'venv'], check=True)
    install = [folder / 'venv/bin/pip', '-q', 'install', '--no-compile', '-c', TOP / 'constraints.txt']
    subprocess.run([*install, wheel], check=True)
    return folder / 'venv'


def test_it_has_our_version_and_nothing_of_the_control_plane(environment: pathlib.Path) -> None:
    code = 'from importlib.metadata import *; print(version("dbaas-guestagent"), *(d.name for d in distributions()))'
    version, *names = _said(environment, '-c', code).split()
    assert version == importlib.metadata.version('dbaas')
    assert not {'dbaas', 'openstacksdk', 'sqlalchemy', 'flask', 'taskflow'} & {name.lower() for name in names}


def test_the_agent_imports_nothing_of_the_control_plane(environment: pathlib.Path) -> None:
    loaded = set(_said(environment, '-P', '-c', PROBE).split())
    assert {'guestagent', 'conf', 'oslo_messaging'} <= loaded
    assert not loaded & CONTROL_PLANE


def test_its_agent_serves(environment: pathlib.Path, plane: Plane) -> None:
    agent = plane.agent()
    agent.kill()
    config = pathlib.Path(agent.record, 'agent.json')
    assert json.loads(config.read_text())['instance'] == agent.instance
    agent.process = subprocess.Popen(
        [environment / 'bin/dbaas-guestagent', '--state', plane.state, '--config', config],
        stdin=subprocess.DEVNULL, cwd='/', env={'PATH': os.environ['PATH']},
    )  # fmt: skip
    agent.prepare()
    assert agent.do('start', server_binary=None).result


def _said(environment: pathlib.Path, *words: str) -> str:
    return subprocess.run(
        [environment / 'bin/python', *words], capture_output=True, text=True, check=True, cwd='/'
    ).stdout
