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
from tests.functional.test_local_cloud import FAKE_AGENT
from tests.waiting import until


def refused(deployment, *options):
    """-> the one line."""
    done = deployment.run('up', *options)
    assert done.returncode == 1
    assert done.stderr.count('\n') == 1, done.stderr
    assert done.stdout == ''
    return done.stderr


@pytest.mark.parametrize('detach', [(), ('--detach',)])
def test_port_in_use(deployment, detach):
    with socket.create_server(('127.0.0.1', deployment.port)):
        line = refused(deployment, *detach)
    assert f'127.0.0.1:{deployment.port}' in line
    assert '--port or DBAAS_PORT' in line


def test_another_on_the_same_state_directory(deployment):
    deployment.start()
    line = refused(deployment, '--port', str(deployment.port + 1))
    assert f'another dbaas runs on {deployment.state}' in line
    assert deployment.healthy()


def test_state_directory_that_is_none(deployment):
    deployment.state.write_text('a file')
    assert '--state or DBAAS_STATE' in refused(deployment)
    deployment.state.unlink()


@pytest.mark.parametrize('text', ['[conductor]\nworkers = many\n', 'no section at all'])
def test_options_that_do_not_fit(deployment, tmp_path, text):
    (tmp_path / 'dbaas.conf').write_text(text)
    assert 'dbaas.conf' in refused(deployment, '--config-file', str(tmp_path / 'dbaas.conf'))


def test_config_file_that_is_not_there(deployment):
    assert '/nowhere/dbaas.conf' in refused(deployment, '--config-file', '/nowhere/dbaas.conf')


def test_stranger_on_the_address_of_an_instance(deployment):
    owner = Owner(str(uuid.uuid4()), str(uuid.uuid4()), 'demo')
    cloud = LocalCloud(places.settle(str(deployment.state)), agent_command=FAKE_AGENT)
    CloudContract().make_all(cloud, owner)
    (address,) = cloud.snapshot()['addresses']
    cloud.down()
    with socket.create_server((address, PORT)):
        line = refused(deployment)
    assert f'something else listens on {address}:{PORT}' in line
    assert 'stop it' in line
    cloud.forget(owner.instance)


@pytest.mark.skipif(os.geteuid() != 0, reason='only root may mount')
def test_full_disk(deployment):
    deployment.state.mkdir()
    subprocess.run(['mount', '-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', deployment.state], check=True)
    try:
        assert 'free some space' in refused(deployment)
    finally:
        until(lambda: subprocess.run(['umount', deployment.state]).returncode == 0, what='unmounted')


def test_unwritable_address_directory(deployment, tmp_path):
    (tmp_path / 'file').write_text('')
    (tmp_path / 'dbaas.conf').write_text(f'[local]\naddress_dir = {tmp_path}/file/addresses\n')
    deployment.start('--config-file', str(tmp_path / 'dbaas.conf'))  # instances can be seen and mended all the same


def test_down_without_a_deployment(deployment):
    done = deployment.run('down')
    assert done.returncode == 0
    assert 'nothing to stop' in done.stdout
