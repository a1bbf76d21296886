"""Volumes of the local cloud with real file systems: grown while they are mounted, copied while they are written."""

import os
import subprocess
import threading

import pytest

from dbaas.cloud.local import images, volumes
from tests.functional.test_local_cloud import needs_root

pytestmark = needs_root
MIB = 1 << 20


@pytest.fixture
def image(tmp_path):
    """Mounted at `<image>.point`, with a file in it."""
    path = str(tmp_path / 'volume.img')
    volumes.make(path, 1)
    os.makedirs(f'{path}.point')
    subprocess.run(['mount', '-o', volumes.MOUNT_OPTIONS, path, f'{path}.point'], check=True)
    with open(f'{path}.point/kept', 'wb') as out:
        out.write(b'x' * 3 * MIB)
    yield path
    volumes.unmount(f'{path}.point')


def mounted(path, point):
    os.makedirs(point)
    subprocess.run(['mount', '-o', volumes.MOUNT_OPTIONS, path, point], check=True)


def size_of(point):
    seen = os.statvfs(point)
    return seen.f_blocks * seen.f_frsize


def test_grown_while_mounted(image):
    assert size_of(f'{image}.point') < 1 << 30
    for _ in range(2):
        images.grow(image, 2, f'{image}.point')
        assert 1.9 * (1 << 30) < size_of(f'{image}.point') < 2 << 30
    images.grow(image, 1, f'{image}.point')
    assert os.path.getsize(image) == 2 << 30
    with open(f'{image}.point/kept', 'rb') as kept:
        assert len(kept.read()) == 3 * MIB


def test_copied_while_mounted_and_filled_from_the_copy(image, tmp_path):
    """Both are mounted at once: the copy has an identity of its own, and room for more."""
    point, copy, other = f'{image}.point', str(tmp_path / 'copy'), str(tmp_path / 'other.img')
    images.copy(image, copy, point)
    with open(f'{point}/later', 'wb') as out:
        out.write(b'y')
    images.fill(other, copy, 2)
    mounted(other, f'{other}.point')
    try:
        assert os.listdir(f'{other}.point') == ['kept']
        assert size_of(f'{other}.point') > 1.9 * (1 << 30)
    finally:
        volumes.unmount(f'{other}.point')
    assert sorted(os.listdir(tmp_path)) == ['copy', 'other.img', 'other.img.point', 'volume.img', 'volume.img.point']


def test_who_writes_goes_on_after_a_copy(image, tmp_path):
    """What is held still is let go of again; each file is whole or was not there yet."""
    point, stopping = f'{image}.point', threading.Event()

    def write():
        number = 0
        while not stopping.is_set():
            with open(f'{point}/{number}.new', 'wb') as out:
                out.write(b'z' * MIB)
                out.flush()
                os.fsync(out.fileno())
            os.rename(f'{point}/{number}.new', f'{point}/{number % 9}')
            number += 1

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for number in range(3):
            images.copy(image, str(tmp_path / f'copy-{number}'), point)
    finally:
        stopping.set()
        writer.join(30)
    assert not writer.is_alive(), 'the file system still stands still'
    images.fill(str(tmp_path / 'other.img'), str(tmp_path / 'copy-2'), 1)
    mounted(str(tmp_path / 'other.img'), str(tmp_path / 'other'))
    try:
        whole = [name for name in os.listdir(tmp_path / 'other') if name.isdigit()]
        assert {os.path.getsize(tmp_path / 'other' / name) for name in whole} <= {MIB}
    finally:
        volumes.unmount(str(tmp_path / 'other'))


def test_a_copy_that_fails_lets_go_again(image, tmp_path):
    with pytest.raises(Exception, match='failed'):
        images.copy(image, str(tmp_path / 'no' / 'such' / 'folder'), f'{image}.point')
    with open(f'{image}.point/after', 'wb') as out:
        out.write(b'a')
