"""Limits by cgroup: which hierarchy is found, and what is written into it; the kernel's own where it lets us."""

import os
import subprocess
import sys

import pytest

from dbaas.cloud.local.limits import Hierarchy, Limits, detect


@pytest.fixture
def version2(tmp_path):
    """A folder that looks like cgroup v2: this kernel's may be without controllers."""
    root = tmp_path / 'cgroup'
    (root / 'dbaas-x').mkdir(parents=True)
    (root / 'cgroup.controllers').write_text('cpuset cpu io memory pids\n')
    mounts = tmp_path / 'mounts'
    mounts.write_text(f'proc /proc proc rw 0 0\ncgroup2 {root} cgroup2 rw,relatime 0 0\n')
    return detect(str(mounts))


def test_version_2_is_preferred(version2):
    assert version2.version == 2


def test_version_1_when_version_2_has_no_controllers(tmp_path):
    mounts = tmp_path / 'mounts'
    mounts.write_text(
        'cgroup2 /nowhere/unified cgroup2 rw 0 0\n'
        'cgroup /nowhere/memory cgroup rw,memory 0 0\n'
        'cgroup /nowhere/cpu,cpuacct cgroup rw,cpu,cpuacct 0 0\n'
    )
    assert detect(str(mounts)) == Hierarchy(1, {'memory': '/nowhere/memory', 'cpu': '/nowhere/cpu,cpuacct'})


def test_none(tmp_path):
    (tmp_path / 'mounts').write_text('proc /proc proc rw 0 0\n')
    assert detect(str(tmp_path / 'mounts')) is None


def test_version_2_settings(version2, tmp_path):
    limits = Limits('dbaas-x', hierarchy=version2)
    assert limits.refused is None
    (folder,) = limits.make('instance', 512, 2)
    assert read(folder, 'memory.max') == str(512 << 20)
    assert read(folder, 'cpu.max') == '200000 100000'
    assert read(os.path.dirname(folder), 'cgroup.subtree_control') == '+memory +cpu'
    assert read(tmp_path / 'cgroup', 'cgroup.subtree_control') == '+memory +cpu'


def test_refusal_is_said_and_nothing_is_limited():
    limits = Limits('dbaas-x', hierarchy=Hierarchy(1, {'memory': '/proc/nowhere', 'cpu': '/proc/nowhere'}))
    assert '/proc/nowhere' in limits.refused
    assert limits.make('instance', 512, 1) == []
    limits.remove('instance')
    limits.close()


def test_off():
    limits = Limits('dbaas-x', enabled=False)
    assert limits.refused is None
    assert limits.make('instance', 512, 1) == []


def test_the_kernels_own():
    limits = Limits(f'dbaas-{os.getpid()}')
    if limits.refused:
        pytest.skip(limits.refused)
    folders = limits.make('instance', 64, 1)
    assert folders == limits.make('instance', 64, 1)
    enter = ''.join(f'echo $$ >{folder}/cgroup.procs; ' for folder in folders)
    command = ['sh', '-c', enter + 'exec "$@"', 'sh', sys.executable, '-c', 'b"x" * (200 << 20)']
    try:
        assert subprocess.run(command).returncode == -9
    finally:
        limits.remove('instance')
        limits.remove('instance')
        limits.close()
    assert not any(map(os.path.exists, folders))


def read(folder, name):
    with open(os.path.join(folder, name)) as text:
        return text.read()
