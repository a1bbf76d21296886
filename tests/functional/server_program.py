"""A program of our own in front of mariadbd, for [mariadb] server_binary or on the PATH: shell code runs before it."""

import contextlib
import os
import pathlib
import shutil
import tempfile
from collections.abc import Iterator

_SCRIPT = """\
#!/bin/sh
# Asked for its version, or making a template, it is mariadbd; before an instance, or a control plane, code runs.
here={folder}
case "$*" in
*--loose-dbaas=*)
{before}
;;
*/sql/my.cnf*)
{control}
;;
esac
exec {mariadbd} "$@"
"""


@contextlib.contextmanager
def wrapped(before: str, control: str = ':') -> Iterator[pathlib.Path]:
    """The program, in a folder of its own ($here) that every user can enter: servers are other users.

    `before`, and `control` for the control plane's own server, may change the arguments by `set --`.
    """
    mariadbd = shutil.which('mariadbd', path=os.pathsep.join((os.environ['PATH'], '/usr/sbin')))
    assert mariadbd, 'mariadbd is missing: install mariadb-server-core'
    with tempfile.TemporaryDirectory(prefix='dbaas-program-') as folder:
        os.chmod(folder, 0o1777)  # like /tmp: a server may leave a mark there
        program = pathlib.Path(folder) / 'mariadbd'
        program.write_text(_SCRIPT.format(folder=folder, before=before, control=control, mariadbd=mariadbd))
        program.chmod(0o755)
        yield program
