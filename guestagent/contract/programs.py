"""Finding an engine's programs: one lookup and one text for the agent, `dbaas up` and `dbaas-manage check`."""

import os
import shutil
from collections.abc import Sequence

FOLDERS = ('/usr/sbin', '/usr/local/sbin')  # where servers are installed, and what a user's PATH may lack


class ProgramMissing(LookupError):
    """The message says what was looked for, and what to install or to set."""


def find(names: Sequence[str], configured: str | None, *, package: str, option: str) -> str:
    """The absolute path of the first of `names`, or of `configured` when that is set. Raises ProgramMissing.

    package: what brings it; option: what names another, such as '[mariadb] server_binary'.
    """
    path = os.pathsep.join((os.environ.get('PATH', os.defpath), *FOLDERS))
    wanted = (configured,) if configured else names
    for name in wanted:
        if found := shutil.which(name, path=path):
            return os.path.abspath(found)
    where = f'at {configured}' if configured else f'on PATH or in {" or ".join(FOLDERS)}'
    raise ProgramMissing(f'{names[0]} not found {where}: install {package} or set {option}')
