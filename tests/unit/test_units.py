"""The units in tools/systemd are what systemd takes, for programs that there are."""

import pathlib
import shutil
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
UNITS = sorted((ROOT / 'tools/systemd').glob('*.service'))
PROGRAMS = pathlib.Path(sys.executable).parent
INSTALLED = '/opt/dbaas/bin'


@pytest.mark.skipif(shutil.which('systemd-analyze') is None, reason='no systemd on this machine')
@pytest.mark.parametrize('unit', UNITS, ids=lambda path: path.name)
def test_systemd_takes_it(unit: pathlib.Path, tmp_path: pathlib.Path) -> None:
    """A copy that names the programs of this installation."""
    copy = tmp_path / unit.name
    copy.write_text(unit.read_text().replace(INSTALLED, str(PROGRAMS)))
    done = subprocess.run(
        ['systemd-analyze', 'verify', '--man=no', str(copy)], text=True, capture_output=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, '')


@pytest.mark.parametrize('unit', UNITS, ids=lambda path: path.name)
def test_it_starts_a_program_of_ours_with_options_that_it_has(unit: pathlib.Path) -> None:
    (line,) = [line for line in unit.read_text().splitlines() if line.startswith('ExecStart=')]
    command, *arguments = line.removeprefix('ExecStart=').split()
    program = PROGRAMS / pathlib.Path(command).name
    known = subprocess.run([program, '--help'], text=True, capture_output=True, check=True).stdout
    assert command.startswith(INSTALLED)
    assert [word for word in arguments if word.startswith('--') and word not in known] == []
    assert 'Type=notify' in unit.read_text()
