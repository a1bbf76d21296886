"""Finding an engine's programs: one lookup and one text for the agent, `dbaas up` and `dbaas-manage check`."""

import os
import shutil
from collections.abc import Sequence

FOLDERS = ('/usr/sbin', '/usr/local/sbin')  # where servers are installed, and what a user's PATH may lack


class ProgramMissing(LookupError):
    """The message says what was looked for, and what to install or to set."""


def find(names: Sequence[str], configured: str | None, *, package: str, option: str) -> str:
    """The absolute path of `configured`, or of the first of `names` where that is not set. Raises ProgramMissing.

    package: what brings it; option: what names another, such as '[mariadb] server_binary'.
    """
    path = os.pathsep.join((os.environ.get('PATH', os.defpath), *FOLDERS))
    for name in (configured,) if configured else names:
        if found := shutil.which(name, path=path):
            return os.path.abspath(found)
    where = configured or ', '.join(('PATH', *FOLDERS))
    raise ProgramMissing(f'{names[0]} not found at {where}: install {package} or set {option}')
