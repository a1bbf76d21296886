"""The template made beforehand."""

import os
import subprocess
import sys
from pathlib import Path


def _warm(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, '-m', 'guestagent.warm', *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_it_is_made_once(tmp_path: Path) -> None:
    assert _warm('--templates', str(tmp_path)).returncode == 0
    (made,) = tmp_path.glob('mariadb-*')
    before = os.stat(made / 'data').st_ino
    assert _warm('--templates', str(tmp_path)).returncode == 0
    assert os.stat(made / 'data').st_ino == before and (made / 'version').read_text().startswith('1')


def test_what_is_missing_is_one_line(tmp_path: Path) -> None:
    done = _warm('--templates', str(tmp_path), '--server-binary', '/nowhere/mariadbd')
    assert done.returncode == 1 and done.stderr.count('\n') == 1 and 'not found at /nowhere' in done.stderr
    done = _warm('--templates', str(tmp_path), '--datastore', 'oracle')
    assert done.returncode == 1 and "no datastore 'oracle'" in done.stderr


def test_several_deployments_make_theirs_at_once(tmp_path: Path) -> None:
    """A starting server removes temporary tables in a shared tmpdir: each installer has its own."""
    folders = [str(tmp_path / name) for name in 'abcd']
    command = [sys.executable, '-m', 'guestagent.warm', '--templates']
    made = [subprocess.Popen([*command, folder], stderr=subprocess.PIPE, text=True) for folder in folders]
    for one in made:
        said = one.communicate()[1]
        assert one.returncode == 0, said
