"""What is red once beside others and green alone is named, and not red; anything more is red."""

import os
import pathlib
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).parents[2]
UNSTEADY = """
def test_{name}():
    seen = pathlib.Path('seen-{name}')
    first = not seen.exists()
    seen.touch()
    assert not first, 'beside others'
"""
BROKEN = """
def test_{name}():
    assert False, 'always'
"""


def run(folder: pathlib.Path, *tests: str) -> subprocess.CompletedProcess[str]:
    text = ''.join(test.format(name=f'number_{index}') for index, test in enumerate(tests))
    (folder / 'test_these.py').write_text(
        f'import pathlib\nimport pytest\n\npytestmark = pytest.mark.xdist_group("g")\n{text}'
    )
    (folder / 'pytest.ini').touch()
    command = ['-m', 'pytest', '-p', 'tests.second_look', '-n', '1', '--dist', 'loadgroup']
    environment = {**os.environ, 'PYTHONPATH': str(ROOT)}
    return subprocess.run([sys.executable, *command], cwd=folder, env=environment, capture_output=True, text=True)


def test_one_that_passes_alone_is_named(tmp_path: pathlib.Path) -> None:
    done = run(tmp_path, UNSTEADY)
    assert done.returncode == 0
    assert 'beside others' in done.stdout
    assert 'UNSTEADY test_these.py::test_number_0: failed above, passed alone' in done.stdout


@pytest.mark.parametrize('tests', [(BROKEN,), (UNSTEADY, BROKEN), (UNSTEADY,) * 4], ids=['broken', 'both', 'too many'])
def test_all_else_is_red(tmp_path: pathlib.Path, tests: tuple[str, ...]) -> None:
    done = run(tmp_path, *tests)
    assert done.returncode == 1
    assert 'UNSTEADY' not in done.stdout


def test_what_cannot_be_collected_is_red(tmp_path: pathlib.Path) -> None:
    (tmp_path / 'test_those.py').write_text('import nothing_of_the_kind')
    done = run(tmp_path, UNSTEADY)
    assert done.returncode == 1
    assert 'UNSTEADY' not in done.stdout
