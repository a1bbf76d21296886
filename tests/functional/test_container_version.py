"""A datastore version whose servers run in containers, by the real API on the local cloud."""

import os

import pytest

from tests.functional.deployment import PROGRAMS, Deployment
from tests.guest.plane import reachable
from tests.servers.dockerd import ARCHIVE, IMAGE, Dockerd
from tests.waiting import until

pytestmark = [
    pytest.mark.slow,
    pytest.mark.xdist_group('docker'),
    pytest.mark.skipif(os.geteuid() != 0, reason='only root starts a dockerd'),
]


def manage(deployment: Deployment, *words: str) -> None:
    where = ['--state', str(deployment.state), '--config-file', str(deployment.config)]
    deployment.run(str(PROGRAMS / 'dbaas-manage'), *where, *words)


def test_held_without_its_archive_created_stopped_started_and_deleted(deployment: Deployment, dockerd: Dockerd) -> None:
    deployment.configure(container={'socket': dockerd.socket, 'archives': deployment.folder})
    deployment.up()
    image = ['--container-image', f'{IMAGE}-another', '--container-archive', ARCHIVE]
    manage(deployment, 'datastore', 'set', 'mariadb', '10.11', '--runtime', 'container', *image)
    instance, operation = deployment.create('in-a-container')
    deployment.reach(operation, 'HELD')
    assert f'{deployment.folder}/{ARCHIVE}' in str(deployment.operation(operation))

    (deployment.folder / ARCHIVE).symlink_to(dockerd.archives / ARCHIVE)
    deployment.flow('resume', operation, '--reason', 'the archive is there', '--yes')
    deployment.reach(operation, 'SUCCEEDED')
    login = deployment.login(instance, 'u', 'not-secret')
    assert deployment.sql(login, 'create table d.t (a int); select count(*) from d.t') == '0'
    assert dockerd.containers() == [f'dbaas-{instance}']
    assert deployment.traces.census(instance) == deployment.traces.once

    deployment.down()
    deployment.up()
    address = deployment.instance(instance)['addresses'][0]['address']
    until(lambda: reachable(address), 60, 'its agent starts it again')
    assert dockerd.containers() == [f'dbaas-{instance}']
    assert deployment.sql(login, 'select count(*) from d.t') == '0'

    deployment.gone(instance)
    assert deployment.traces.left(instance) == {} and dockerd.containers() == []
