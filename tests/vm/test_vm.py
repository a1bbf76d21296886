"""One instance from the `openstack` client to SQL in a virtual machine of our own image. Minutes: it is emulated."""

import contextlib
import json
from typing import Any

import pymysql

from tests.vm.bed import VmBed
from tests.vm.conftest import DEADLINE, VmDeployment
from tests.waiting import until


def test_created_used_rebooted_and_deleted(deployment: VmDeployment, bed: VmBed) -> None:
    instance = deployment.create('vm', '--flavor', 'medium')
    try:
        _ended(deployment, instance, 'instance.create')
    except AssertionError:
        print(_console(deployment, instance))
        raise
    address = deployment.address(instance)
    deployment.sql(address, 'CREATE TABLE t (a INT)')
    deployment.sql(address, 'INSERT INTO t VALUES (42)')
    assert len(bed.libvirt.domains()) == 1
    assert 'is ready' in _console(deployment, instance), 'the console shows what the agent says'

    deployment.client('server', 'reboot', '--hard', _server(deployment, instance)['ID'], who='dbaas')
    until(lambda: _rows(deployment, address) is None, 120, 'the end of the server before the reboot')
    until(lambda: _rows(deployment, address) == ((42,),), DEADLINE, 'the database after the reboot')

    deployment.client('database', 'instance', 'delete', instance)
    _ended(deployment, instance, 'instance.delete')
    assert deployment.traces(instance) == []
    assert bed.libvirt.domains() == []


def _ended(deployment: VmDeployment, instance: str, type: str) -> None:
    def seen() -> dict[str, Any] | None:
        found = deployment.operation(instance, type)
        return found if found['state'] in ('SUCCEEDED', 'HELD', 'ABORTED') else None

    ended = until(seen, DEADLINE, type)
    assert ended and ended['state'] == 'SUCCEEDED', json.dumps(ended, indent=1)


def _server(deployment: VmDeployment, instance: str) -> dict[str, Any]:
    servers: list[dict[str, Any]] = json.loads(
        deployment.client('server', 'list', '--name', f'dbaas-{instance}', '-f', 'json', who='dbaas')
    )
    return servers[0]


def _console(deployment: VmDeployment, instance: str) -> str:
    return deployment.client('console', 'log', 'show', _server(deployment, instance)['ID'], who='dbaas')


def _rows(deployment: VmDeployment, address: str) -> Any:
    """None: nobody answers."""
    with contextlib.suppress(pymysql.MySQLError, OSError):
        return deployment.sql(address, 'SELECT a FROM t')
    return None
