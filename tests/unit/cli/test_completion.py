"""Completion of words, in a real bash."""

import os
import pathlib
import shlex
import subprocess
import sys

import pytest

from dbaas.cli.completion import SHELLS
from tests.unit.cli import samples
from tests.unit.cli.canned_api import Canned, Request, serving

BIN = str(pathlib.Path(sys.executable).parent)


def _bash(script: str, **variables: str) -> str:
    env = {'PATH': f'{BIN}:{os.environ["PATH"]}', 'HOME': os.environ.get('HOME', '/'), **variables}
    done = subprocess.run(['bash', '-c', script], env=env, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0 and not done.stderr, done.stderr
    return done.stdout


def _complete(*words: str, **variables: str) -> list[str]:
    """What bash offers when Tab is pressed after the last word."""
    program = words[0]
    function = f'_{program.replace("-", "_")}_completion'
    script = (
        f'source <({program} completion bash)\n'
        f'complete -p {program} | grep -q -- "-F {function} {program}$" || exit 9\n'
        f'COMP_WORDS=({shlex.join(words)}) COMP_CWORD={len(words) - 1}\n'
        f'{function} {program} && printf "%s\\n" "${{COMPREPLY[@]}}"\n'
    )
    return _bash(script, **variables).split()


def _answer(request: Request) -> tuple[int, object]:
    path = request.path.removeprefix('/v1.0/demo')
    if path == '/operations':
        return 200, {'operations': [samples.held()], 'links': []}
    if path == f'/operations/{samples.ID}':
        return 200, {'operation': samples.held()}
    return 404, {'itemNotFound': {'message': 'no'}}


def _access(canned: Canned) -> dict[str, str]:
    return {'OS_AUTH_TYPE': 'admin_token', 'OS_ENDPOINT': canned.url, 'OS_TOKEN': 'secret-token'}


def test_commands_and_options() -> None:
    assert _complete('dbaas-flow', 're') == ['resume', 'retry-now']
    assert '--dry-run' in _complete('dbaas-flow', 'abort', '--d')
    assert _complete('dbaas-flow', 'list', '--state', 'ABORT_') == ['ABORT_HELD']


@pytest.mark.parametrize(('program', 'word', 'command'), [('dbaas', 'do', 'down'), ('dbaas-manage', 'quo', 'quota')])
def test_the_other_programs(program: str, word: str, command: str) -> None:
    assert _complete(program, word) == [command]


def test_ids_types_and_steps_of_the_deployment() -> None:
    with serving(_answer) as canned:
        access = _access(canned)
        assert _complete('dbaas-flow', 'show', '0b7', **access) == [samples.ID]
        assert _complete('dbaas-flow', 'show', 'ff', **access) == []
        assert _complete('dbaas-flow', 'list', '--type', 'inst', **access) == ['instance.create']
        assert _complete('dbaas-flow', 'skip', '0b7f', '--step', 'start', **access) == ['start-database']


@pytest.mark.parametrize(
    'variables',
    [
        {},
        {'OS_AUTH_TYPE': 'admin_token', 'OS_ENDPOINT': 'http://127.0.0.1:9/v1.0/demo', 'OS_TOKEN': 't'},
        {'OS_AUTH_TYPE': 'password', 'OS_AUTH_URL': 'http://127.0.0.1:9/v3'},
    ],
)
def test_without_an_api_there_is_nothing_and_no_word_of_it(variables: dict[str, str]) -> None:
    assert _complete('dbaas-flow', 'show', '0b7', **variables) == []


@pytest.mark.parametrize('program', ['dbaas', 'dbaas-flow', 'dbaas-manage'])
@pytest.mark.parametrize('shell', SHELLS)
def test_every_shell_has_a_script(program: str, shell: str) -> None:
    script = _bash(f'{program} completion {shell}')
    assert program in script and f'{shell}_complete' in script
