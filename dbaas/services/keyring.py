"""The key-encryption keys: a YAML file {current: id, keys: {id: base64}}, 0600; the current one seals, all open."""

import base64
import os
import secrets as random
from collections.abc import Callable
from typing import Any

import yaml
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from dbaas.exceptions import DbaasError


class KeyringError(DbaasError):
    """The key file cannot be used; the message says why and what to do."""


class Keyring:
    """Made by `load`. Sealing binds the caller's `context` (AAD): a row moved elsewhere does not open.

    reread: asked once for the keys of today when a secret is sealed with an unknown one: another program rotated.
    """

    def __init__(self, current: str, keys: dict[str, bytes], reread: 'Callable[[], Keyring] | None' = None):
        self.current, self._reread = current, reread
        self._keys = {key_id: AESGCM(key) for key_id, key in keys.items()}
        if current not in self._keys:
            raise KeyError(current)

    def seal(self, value: bytes, context: bytes) -> tuple[str, bytes, bytes]:
        """-> key id, nonce, ciphertext."""
        nonce = os.urandom(12)
        return self.current, nonce, self._keys[self.current].encrypt(nonce, value, context)

    def reread(self) -> None:
        """The keys of today. Raises KeyringError, and keeps those it has, when the file is unusable."""
        if self._reread is not None:
            fresh = self._reread()
            self.current, self._keys = fresh.current, fresh._keys

    def open(self, key_id: str, nonce: bytes, ciphertext: bytes, context: bytes) -> bytes:
        if key_id not in self._keys:
            self.reread()
        if key_id not in self._keys:
            raise KeyringError(f'A secret is sealed with key {key_id}, which the key file does not hold: put it back.')
        return self._keys[key_id].decrypt(nonce, ciphertext, context)


def load(path: str) -> Keyring:
    """Read the key file; make it at the first start. Raises KeyringError."""
    try:
        with open(path) as text:
            found: Any = yaml.safe_load(text)
        if os.stat(path).st_mode & 0o077:
            raise KeyringError(f'{path} can be read by others: chmod 600 it.')
        keys = {str(k): base64.b64decode(v, validate=True) for k, v in found['keys'].items()}
        return Keyring(str(found['current']), keys, reread=lambda: load(path))
    except FileNotFoundError:
        add_key(path, {}, first=True)
        return load(path)
    except (KeyError, TypeError, ValueError, AttributeError, yaml.YAMLError) as error:
        raise KeyringError(f'{path} is not a key file ({type(error).__name__}): restore it from a backup.') from None


def rotate(path: str) -> str:
    """Add a new key and make it the current one; the old ones still open. -> its id."""
    with open(path) as text:
        return add_key(path, yaml.safe_load(text)['keys'])


def add_key(path: str, keys: dict[str, str], first: bool = False) -> str:
    key_id = random.token_hex(4)
    content = {'current': key_id, 'keys': {**keys, key_id: base64.b64encode(os.urandom(32)).decode()}}
    fresh = f'{path}.{key_id}'
    with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), 'w') as out:
        yaml.safe_dump(content, out)
        out.flush()
        os.fsync(out.fileno())
    if not first:
        os.rename(fresh, path)
        return key_id
    try:
        os.link(fresh, path)  # two first starts at once: one wins, both read the winner's
    except FileExistsError:
        pass
    finally:
        os.unlink(fresh)
    return key_id
