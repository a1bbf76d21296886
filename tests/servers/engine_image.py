"""A root file system with MariaDB and no more than it needs, from this machine's own files: made within a second."""

import os
import pathlib
import re
import shutil
import subprocess
import tarfile
from collections.abc import Iterable

# of the engine, and what its installer, a shell script, calls
PROGRAMS = (
    'mariadbd', 'mariadb-install-db', 'my_print_defaults', 'resolveip', 'sh', 'awk', 'cat', 'chmod', 'chown', 'dirname',
    'find', 'hostname', 'ln', 'mkdir', 'rm', 'sed', 'touch', 'tty', 'uname', 'id',
)  # fmt: skip
TREES = ('/usr/share/mysql', '/usr/lib/mysql/plugin')
TEXTS = {'etc/passwd': 'root:x:0:0:root:/:/bin/sh\n', 'etc/group': 'root:x:0:\n', 'etc/hosts': '127.0.0.1 localhost\n'}
FOLDERS = ('tmp', 'run', 'proc', 'sys', 'dev')
LINKS = {'bin': 'usr/bin', 'sbin': 'usr/sbin', 'lib': 'usr/lib', 'lib64': 'usr/lib64'}


def make(archive: pathlib.Path) -> None:
    """Write `archive`, a tar to be imported as an image."""
    with tarfile.open(archive, 'w') as tar:
        for name in FOLDERS:
            _add(tar, name, tarfile.DIRTYPE, mode=0o1777 if name == 'tmp' else 0o755)
        for name, target in LINKS.items():
            _add(tar, name, tarfile.SYMTYPE, target)
        for name, text in TEXTS.items():
            path = archive.with_suffix('.part')
            path.write_text(text)
            tar.add(path, name)
            path.unlink()
        programs = [_program(name) for name in PROGRAMS]
        for path in [*programs, *_libraries(programs)]:
            tar.add(os.path.realpath(path), _inside(path))
        for tree in TREES:
            if os.path.isdir(tree):
                tar.add(tree, tree.lstrip('/'))


def _program(name: str) -> str:
    found = shutil.which(name, path='/usr/sbin:/usr/bin:/sbin:/bin')
    assert found, f'{name} is missing: install mariadb-server-core and mariadb-client-core'
    return found


def _libraries(programs: Iterable[str]) -> set[str]:
    """Paths of the shared libraries that any of the programs needs, as the loader asks for them."""
    found: set[str] = set()
    for program in programs:
        said = subprocess.run(['ldd', program], capture_output=True, text=True, check=False).stdout
        found.update(re.findall(r'(/\S+) \(0x', said))
    return found


def _inside(path: str) -> str:
    """Below usr/, where the image's links lead."""
    name = path.lstrip('/')
    return name if name.startswith('usr/') else f'usr/{name}'


def _add(tar: tarfile.TarFile, name: str, kind: bytes, target: str = '', mode: int = 0o777) -> None:
    entry = tarfile.TarInfo(name)
    entry.type, entry.linkname, entry.mode = kind, target, mode
    tar.addfile(entry)
