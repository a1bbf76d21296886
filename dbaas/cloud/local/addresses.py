"""Loopback addresses, shared out machine-wide: a file per address names the instance folder that owns it.

All changes happen under one flock. An address whose owner's folder is gone is free again (a folder that we
may not look into counts as there), so the folder is made before the address is taken. The folder of the
files is open to every user (mode 1777), as /run/lock is; after a reboot it is empty, and owners claim anew.
"""

import contextlib
import fcntl
import hashlib
import ipaddress
import os
import socket
import stat
import time
from collections.abc import Iterator

from dbaas.exceptions import CloudError

_STRANGERS = 32  # so many busy ports in a row: something listens on all addresses

PATIENCE = 15  # seconds for the machine-wide lock


class Addresses:
    def __init__(self, folder: str, network: str):
        self._folder = folder
        try:
            self._network = ipaddress.ip_network(network)
        except ValueError as error:
            raise CloudError(f'[local] network is not a network: {error}') from None

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Everything below is called within; other processes and threads wait."""
        self._make_folder()
        fd = os.open(self._path('.lock'), os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
        try:
            self._take_lock(fd)  # flock needs no right to write
            yield
        finally:
            os.close(fd)

    def choose(self, owner: str, port: int) -> str:
        """A free address on which nothing listens at `port`; not taken yet. Raises CloudError: none."""
        first = int(hashlib.sha256(owner.encode()).hexdigest(), 16)
        strangers = 0
        for step in range(self._network.num_addresses):
            address = str(self._network[(first + step) % self._network.num_addresses])
            if address.endswith(('.0', '.255')) or not self._unowned(address):
                continue
            if not listening(address, port):
                return address
            strangers += 1
            if strangers == _STRANGERS:
                break
        raise CloudError(
            f'no free address in {self._network}: something else listens on port {port} of all of them'
            f' (0.0.0.0:{port}?); stop it, or bind it to one address'
            if strangers
            else f'every address of {self._network} is taken; give [local] network more'
        )

    def take(self, address: str, owner: str) -> bool:
        """Make it ours; True also when it was already. False: it belongs to another living instance."""
        if self._owner(address) == owner:
            return True
        if not self._unowned(address):
            return False
        fd = os.open(self._path(address), os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o644)
        with open(fd, 'w') as out:
            out.write(owner)
        return True

    def give_back(self, address: str, owner: str) -> None:
        if self._owner(address) == owner:
            os.unlink(self._path(address))

    def owned(self, below: str) -> dict[str, str]:
        """{address: owner} of all owners below the folder `below`."""
        with contextlib.suppress(FileNotFoundError):
            owners = {name: self._owner(name) or '' for name in os.listdir(self._folder) if name != '.lock'}
            return {address: owner for address, owner in owners.items() if owner.startswith(below + os.sep)}
        return {}

    def number(self, address: str) -> int:
        """The address's place in the network: instances derive a user id from it."""
        return int(ipaddress.ip_address(address)) - int(self._network.network_address)

    def _owner(self, address: str) -> str | None:
        try:
            with open(self._path(address)) as text:
                return text.read()
        except (FileNotFoundError, PermissionError):
            return None

    def _unowned(self, address: str) -> bool:
        """Whether no living instance has it; removes the file that a dead one left."""
        path = self._path(address)
        try:
            with open(path) as text:
                owner = text.read()
            if owner and _there(owner):  # empty: its writer was killed, which the lock lets us know
                return False
            os.unlink(path)
        except FileNotFoundError:
            return True
        except PermissionError:  # another user's, in a sticky folder
            return False
        return True

    def _take_lock(self, fd: int) -> None:
        """Anybody on the machine can hold it; nobody for long who means well."""
        give_up = time.monotonic() + PATIENCE
        while True:
            try:
                return fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() > give_up:
                    path = self._path('.lock')
                    raise CloudError(f'another process holds {path} and does not let go: see fuser {path}') from None
                time.sleep(0.01)

    def _make_folder(self) -> None:
        try:
            with contextlib.suppress(FileExistsError):
                os.mkdir(self._folder)
            seen = os.lstat(self._folder)
            if not stat.S_ISDIR(seen.st_mode):
                raise CloudError(f'{self._folder} is not a folder: remove it, or set [local] address_dir')
            if seen.st_uid == os.geteuid() and stat.S_IMODE(seen.st_mode) != 0o1777:
                os.chmod(self._folder, 0o1777)
            with contextlib.suppress(FileExistsError):
                os.close(os.open(self._path('.lock'), os.O_CREAT | os.O_EXCL | os.O_RDONLY, 0o644))
        except OSError as error:
            raise CloudError(
                f'cannot write to {self._folder}: {error.strerror}; make it with mode 1777, or set [local] address_dir'
            ) from error

    def _path(self, name: str) -> str:
        return os.path.join(self._folder, name)


def listening(address: str, port: int) -> bool:
    """Whether somebody has `port` there: on that address or on 0.0.0.0."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, port))
        except OSError:
            return True
    return False


def _there(folder: str) -> bool:
    try:
        os.stat(folder)
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:
        return True
    return True
