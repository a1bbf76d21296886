"""Images without a registry: what the daemon has not yet comes from an archive on this machine."""

import fcntl
import os
import re
import tarfile
from typing import Any, BinaryIO

from guestagent.failure import CommandError

ARCHIVES = '/usr/share/dbaas/images'
# of `docker save` (and podman's docker-archive), and of an OCI archive; anything else is the tree of a root file system
SAVED = frozenset({'manifest.json', 'index.json', 'oci-layout'})


def ensure(client: Any, reference: str, archive: str | None, folder: str | None) -> str:
    """The id of the image `reference`, brought from the archive if the daemon has none by that name.

    archive: absolute, or a name in `folder`; None: there is none. Raises CommandError with the remedy.
    """
    found = _get(client, reference)
    if found is not None:
        return found
    with _open(reference, archive, folder) as file:
        fcntl.flock(file, fcntl.LOCK_EX)  # several agents of a machine want it at once: one brings it
        return _get(client, reference) or _bring(client, reference, file.name)


def look(client: Any, reference: str, archive: str | None, folder: str | None) -> str:
    """Where `ensure` would find the image, in words; nothing is brought. Raises CommandError with the remedy."""
    if _get(client, reference) is not None:
        return 'the daemon has it'
    with _open(reference, archive, folder) as file:
        _saved(file.name)
        return f'it comes from {file.name}'


def _open(reference: str, archive: str | None, folder: str | None) -> BinaryIO:
    if archive is None:
        raise CommandError(
            f'the container daemon has no image {reference} and its datastore version names no archive of it:'
            f' load it there, or name one (dbaas-manage datastore set … --container-archive)'
        )
    path = os.path.join(folder or ARCHIVES, archive)
    try:
        return open(path, 'rb')
    except OSError as error:
        raise CommandError(
            f'the archive {path} of image {reference} cannot be read ({error.strerror}):'
            f' put it there (into a guest image by DBAAS_GUEST_ARCHIVES) or set [container] archives'
        ) from error


def _get(client: Any, reference: str) -> str | None:
    from docker import errors

    try:
        return str(client.images.get(reference).id)
    except errors.ImageNotFound:
        return None


def _bring(client: Any, reference: str, path: str) -> str:
    if _saved(path):
        with open(path, 'rb') as file:
            images = client.images.load(file)
        if _get(client, reference) is None:  # saved by another name, or by none
            if len(images) != 1:
                raise CommandError(f'the archive {path} holds no image {reference}: save it by that name')
            images[0].tag(*_split(reference))
    else:
        said = re.findall('[0-9a-f]{64}', client.api.import_image_from_file(path))
        if said:
            client.images.get(f'sha256:{said[-1]}').tag(*_split(reference))  # podman's import takes no tag itself
    found = _get(client, reference)
    if found is None:
        raise CommandError(f'the container daemon took the archive {path} and has no image {reference} all the same')
    return found


def _saved(path: str) -> bool:
    try:
        with tarfile.open(path) as tar:
            return any(member.name.removeprefix('./') in SAVED for member in tar)
    except tarfile.TarError as error:
        raise CommandError(f'{path} is no tar archive ({error}): make another, see docs/guest-image.md') from error


def _split(reference: str) -> tuple[str, str]:
    """('host:5000/name', 'tag'): a colon before the last slash belongs to a port."""
    name, colon, tag = reference.rpartition(':')
    return (name, tag) if colon and '/' not in tag else (reference, 'latest')
