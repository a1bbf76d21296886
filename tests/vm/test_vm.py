"""Instances from the `openstack` client to SQL in virtual machines of our own images. Minutes: they are emulated."""

from tests.vm.bed import VmBed
from tests.vm.conftest import DEADLINE, LOOK_EVERY, VmDeployment
from tests.waiting import until


def test_created_used_rebooted_and_deleted(deployment: VmDeployment, bed: VmBed) -> None:
    deployment.register('guest')
    lived(deployment, bed, 'vm', '--flavor', 'medium', version='10.11.')


def test_the_same_in_a_container_inside_the_machine(deployment: VmDeployment, bed: VmBed) -> None:
    """Another MariaDB than the machine's own: it can only come from the archive in the image."""
    deployment.manage('datastore', 'register', 'mariadb')  # all versions that its manifest has
    deployment.register('guest-container', '--version', '11.8')
    container = ['--container-image', 'mariadb:11.8', '--container-archive', 'mariadb-11.8.tar']
    deployment.manage('datastore', 'set', 'mariadb', '11.8', '--runtime', 'container', *container)
    # room for the image of the container beside its archive, and memory for the daemon
    deployment.client('flavor', 'create', 'roomy', '--vcpus', '2', '--ram', '1536', '--disk', '4', who='admin')
    try:
        wish = ['--flavor', 'roomy', '--datastore-version', '11.8']
        lived(deployment, bed, 'vm-container', *wish, version='11.8.')
    finally:
        deployment.client('flavor', 'delete', 'roomy', who='admin')


def lived(deployment: VmDeployment, bed: VmBed, name: str, *wish: str, version: str) -> None:
    """A whole life: created, used, rebooted the hard way, deleted. version: how that of its server begins."""
    before = bed.libvirt.domains()
    instance = deployment.create(name, *wish)
    deployment.ended(instance)
    address = deployment.address(instance)
    assert deployment.sql(address, 'SELECT VERSION()')[0][0].startswith(version)
    deployment.sql(address, 'CREATE TABLE t (a INT)')
    deployment.sql(address, 'INSERT INTO t VALUES (42)')
    assert len(bed.libvirt.domains()) == len(before) + 1
    assert 'is ready' in deployment.console(instance), 'the console shows what the agent says'

    deployment.client('server', 'reboot', '--hard', deployment.server(instance), who='dbaas')
    until(lambda: deployment.rows(address) is None, 120, 'the end of the server before the reboot', LOOK_EVERY)
    until(lambda: deployment.rows(address) == ((42,),), DEADLINE, 'the database after the reboot', LOOK_EVERY)

    deployment.client('database', 'instance', 'delete', instance)
    deployment.ended(instance, 'instance.delete')
    assert deployment.traces(instance) == []
    assert bed.libvirt.domains() == before
