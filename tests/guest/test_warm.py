"""The template made beforehand."""

import os
import subprocess
import sys
from pathlib import Path

import pytest


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


def test_the_installer_uses_no_shared_folder_for_temporary_tables(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server that starts removes the temporary tables of all others in the same folder."""
    monkeypatch.setenv('TMPDIR', str(tmp_path / 'nowhere'))
    done = _warm('--templates', str(tmp_path))
    assert done.returncode == 0, done.stderr
