"""What keeps `dbaas up` from starting is one clear line with the remedy, and an exit code."""

import os
import socket
import subprocess
import uuid

import pytest

from dbaas.cloud.local import places
from dbaas.cloud.local.cloud import LocalCloud
from dbaas.cloud.protocol import Owner
from tests.cloud_contract import PORT, CloudContract
from tests.functional.deployment import Deployment
from tests.functional.test_local_cloud import FAKE_AGENT
from tests.servers.ports import lasting_port

pytestmark = pytest.mark.slow


def refused(deployment: Deployment, *options: str) -> str:
    """-> the one line."""
    done = deployment.run(*deployment.arguments(*options), code=1)
    assert done.stderr.count('\n') == 1, done.stderr
    assert done.stdout == ''
    return done.stderr


@pytest.mark.parametrize('options', [(), ('--detach',)])
def test_port_in_use(deployment: Deployment, options: tuple[str, ...]) -> None:
    with socket.create_server(('127.0.0.1', deployment.port)):
        line = refused(deployment, *options)
    assert f'127.0.0.1:{deployment.port}' in line
    assert '--port or DBAAS_PORT' in line


def test_another_on_the_same_state_directory(deployment: Deployment) -> None:
    deployment.up()
    line = refused(deployment, '--port', str(lasting_port()))
    assert f'another dbaas runs on {deployment.state}' in line
    assert deployment.ready()


def test_state_directory_that_is_none(deployment: Deployment) -> None:
    deployment.state.write_text('a file')
    assert '--state or DBAAS_STATE' in refused(deployment)
    deployment.state.unlink()


@pytest.mark.parametrize('text', ['[conductor]\nworkers = many\n', 'no section at all'])
def test_options_that_do_not_fit(deployment: Deployment, text: str) -> None:
    deployment.config.write_text(text)
    assert deployment.config.name in refused(deployment)


def test_config_file_that_is_not_there(deployment: Deployment) -> None:
    assert '/nowhere/dbaas.conf' in refused(deployment, '--config-file', '/nowhere/dbaas.conf')


def test_stranger_on_the_address_of_an_instance(deployment: Deployment) -> None:
    owner = Owner(str(uuid.uuid4()), str(uuid.uuid4()), 'demo')
    cloud = LocalCloud(
        places.settle(str(deployment.state)), address_dir=str(deployment.traces.addresses), agent_command=FAKE_AGENT
    )
    CloudContract().make_all(cloud, owner)
    (address,) = cloud.snapshot()['addresses']
    cloud.down()
    with socket.create_server((address, PORT)):
        line = refused(deployment)
    assert f'something else listens on {address}:{PORT}' in line
    assert 'stop it' in line
    cloud.forget(owner.instance)


@pytest.mark.skipif(os.geteuid() != 0, reason='only root may mount')
def test_full_disk(deployment: Deployment) -> None:
    deployment.state.mkdir()
    subprocess.run(['mount', '-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', deployment.state], check=True)
    try:
        assert 'free some space' in refused(deployment)
    finally:
        subprocess.run(['umount', deployment.state], check=True)


def test_down_without_a_deployment(deployment: Deployment) -> None:
    assert 'nothing to stop' in deployment.down().stdout


def test_callers_of_keystone(deployment: Deployment) -> None:
    """Its identities and its demo are those of the token file."""
    options = deployment.state.parent / 'keystone.conf'
    options.write_text('[identity]\ndriver = keystone\n')
    line = refused(deployment, '--config-file', str(options))
    assert 'dbaas-api and dbaas-conductor' in line
