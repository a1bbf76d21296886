"""Images come from archives, whatever wrote them, once; what is missing or broken is named with its remedy."""

import contextlib
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from guestagent.failure import CommandError
from guestagent.runtime import daemon, images
from tests.servers.dockerd import ARCHIVE, IMAGE, Dockerd

pytestmark = [
    pytest.mark.xdist_group('docker'),
    pytest.mark.skipif(os.geteuid() != 0, reason='only root starts a dockerd'),
]
OTHER = 'localhost:5000/dbaas-test/other:2'


@pytest.fixture
def client(dockerd: Dockerd) -> Iterator[Any]:
    with contextlib.closing(dockerd.client()) as made:
        yield made
        for reference in (IMAGE, OTHER):
            with contextlib.suppress(Exception):
                made.images.remove(reference)


@pytest.fixture
def small(tmp_path: Path) -> str:
    """A root file system with nothing in it."""
    (tmp_path / 'small.tar').write_bytes(bytes(10240))
    return str(tmp_path / 'small.tar')


def ensured(dockerd: Dockerd, reference: str, archive: str | None) -> str:
    with daemon.talking(dockerd.socket, 'the test') as client:
        return images.ensure(client, reference, archive, str(dockerd.archives))


def refusal(dockerd: Dockerd, reference: str, archive: str | None) -> str:
    with pytest.raises(CommandError) as caught:
        ensured(dockerd, reference, archive)
    return str(caught.value)


def test_several_want_one_image_and_it_is_brought_once(dockerd: Dockerd, client: Any) -> None:
    found: list[str] = []
    with contextlib.suppress(Exception):
        client.images.remove(IMAGE)
    before = len(client.images.list(all=True))
    threads = [threading.Thread(target=lambda: found.append(ensured(dockerd, IMAGE, ARCHIVE))) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 3 and len(set(found)) == 1
    assert len(client.images.list(all=True)) == before + 1
    assert ensured(dockerd, IMAGE, None) == found[0], 'what is there needs no archive'


@pytest.mark.parametrize('named', [True, False])
def test_a_saved_image_is_loaded_also_when_it_was_saved_without_the_name(
    dockerd: Dockerd, client: Any, small: str, tmp_path: Path, named: bool
) -> None:
    image = client.images.get(ensured(dockerd, OTHER, small))
    saved = tmp_path / 'saved.tar'
    saved.write_bytes(b''.join(image.save(named=OTHER if named else False)))
    client.images.remove(OTHER)
    assert ensured(dockerd, OTHER, str(saved)) == image.id
    assert OTHER in client.images.get(OTHER).tags


def test_what_is_missing_or_broken_is_named_with_the_remedy(dockerd: Dockerd, tmp_path: Path) -> None:
    error = refusal(dockerd, 'nobody/has:it', None)
    assert 'has no image nobody/has:it' in error and '--container-archive' in error
    error = refusal(dockerd, 'nobody/has:it', 'nowhere.tar')
    assert f'{dockerd.archives}/nowhere.tar' in error and 'No such file' in error and '[container] archives' in error
    (tmp_path / 'broken.tar').write_text('no tar at all')
    assert 'is no tar archive' in refusal(dockerd, 'nobody/has:it', str(tmp_path / 'broken.tar'))
    (tmp_path / 'small.tar').write_bytes(bytes(10240))
    assert 'refuses: ' in refusal(dockerd, 'Not/A Reference', str(tmp_path / 'small.tar'))


def test_a_daemon_that_does_not_run_is_named_with_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(CommandError) as caught, daemon.talking(str(tmp_path / 'nobody'), 'starting x'):
        pass
    assert str(caught.value) == (
        f'starting x: the container daemon does not answer at {tmp_path}/nobody (No such file or directory):'
        ' start it (systemctl start docker), install it (in a guest image, see docs/guest-image.md)'
        ' or set [container] socket'
    )
