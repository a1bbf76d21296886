"""The documentation says what is so: paths, commands, options, routes, states and flows that it names exist."""

import pathlib
import re
import runpy
import shlex
from collections.abc import Iterator

import click
import pytest
import yaml
from click.testing import CliRunner

from conf import messaging

messaging.prepare()

from conf import opts  # noqa: E402
from dbaas import api  # noqa: E402
from dbaas.cli.flow.main import cli as flow_cli  # noqa: E402
from dbaas.cli.main import cli as dbaas_cli  # noqa: E402
from dbaas.cli.manage.main import cli as manage_cli  # noqa: E402
from dbaas.cli.simulator.main import cli as simulator_cli  # noqa: E402
from dbaas.db import words  # noqa: E402
from dbaas.policy import MEMBER, READER  # noqa: E402
from flows import registry  # noqa: E402
from flows.graph import Graph  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parents[2]
DOCS = sorted([*ROOT.glob('*.md'), *ROOT.glob('docs/**/*.md')])
PACKAGES = ('conf', 'dbaas', 'flows', 'conductor', 'guestagent')
FOLDERS = (*PACKAGES, 'tests', 'docs', 'bench', 'tools', '.ci')
PROGRAMS = {'dbaas': dbaas_cli, 'dbaas-flow': flow_cli, 'dbaas-manage': manage_cli, 'dbaas-simulator': simulator_cli}
MADE = ('bench/out',)  # by running something; not in the repository

FENCE = re.compile(r'^```(\w*)\n(.*?)^```', re.M | re.S)
CODE = re.compile(r'`([^`\n]+)`')
LINK = re.compile(r'\]\(([^)\s]+)\)')
OPTION = re.compile(r'\[(\w+)\] (\w+)')


def of(path: pathlib.Path) -> str:
    return path.relative_to(ROOT).as_posix()


every_page = pytest.mark.parametrize('page', DOCS, ids=of)


def prose(text: str) -> str:
    return FENCE.sub('', text)


def blocks(text: str, *languages: str) -> list[str]:
    return [body for language, body in FENCE.findall(text) if language in languages]


def read(name: str) -> str:
    return (ROOT / name).read_text()


# -- paths and links -------------------------------------------------------------------------------------------------
def paths(text: str) -> set[str]:
    """Words of code that begin with a folder of ours; with a '<' in them they stand for many."""
    said = [*CODE.findall(prose(text)), *(body for _, body in FENCE.findall(text))]
    found = {word.rstrip('.,:;') for part in said for text in re.split(r'[\s"\'()=]+', part) for word in expanded(text)}
    ours = {word for word in found if '/' in word and word.split('/')[0] in FOLDERS}
    return {word for word in ours if not word.startswith(MADE) and not set(word) & set('<*$')}


def expanded(word: str) -> list[str]:
    """flows/{why,plan}.py is two paths, as in a shell."""
    head, brace, rest = word.partition('{')
    choices, closed, tail = rest.partition('}')
    return [head + choice + tail for choice in choices.split(',')] if brace and closed else [word]


def announced(text: str) -> set[str]:
    """Files that a checklist tells the reader to make."""
    return set(re.findall(r'`([^`]+)`[^`\n]*\(new\)', text))


@every_page
def test_every_path_exists(page):
    text = page.read_text()
    new = announced(text)
    gone = [p for p in paths(text) if not (ROOT / p).exists() and not any(p.startswith(n) for n in new)]
    assert not gone, f'{of(page)} names what is not there: {sorted(gone)}'


@every_page
def test_every_link_leads_somewhere(page):
    broken = []
    for target in LINK.findall(prose(page.read_text())):
        if '://' in target:
            continue
        name, _, anchor = target.partition('#')
        goal = (page.parent / name).resolve() if name else page
        if not goal.exists() or (anchor and anchor not in anchors(goal.read_text())):
            broken.append(target)
    assert not broken, f'{of(page)}: {broken}'


def anchors(text: str) -> set[str]:
    headings = re.findall(r'^#+ (.+)$', prose(text), re.M)
    return {re.sub(r'[^\w\- ]', '', heading.lower()).strip().replace(' ', '-') for heading in headings}


@every_page
def test_no_path_of_a_machine_and_no_package_index(page):
    found = re.findall(r'(?:/work|/home|/root)/\S+|\bpypi\b|\bpythonhosted\b', page.read_text(), re.I)
    assert not found


# -- commands --------------------------------------------------------------------------------------------------------
def command_lines(text: str) -> Iterator[tuple[str, list[str]]]:
    """(program, arguments) of each line of a shell block that calls one of ours."""
    for block in blocks(text, 'sh', 'console'):
        for line in block.replace('\\\n', ' ').splitlines():
            yield from calls(line)


def calls(line: str) -> Iterator[tuple[str, list[str]]]:
    if not re.search(r'\bdbaas\b', line):
        return
    lexer = shlex.shlex(line.removeprefix('$ '), posix=True, punctuation_chars='|&;()<>')
    lexer.whitespace_split = True
    call: list[str] = []
    for word in [*lexer, ';']:
        if set(word) <= set('|&;()<>'):
            if call and (name := call[0].rpartition('/')[2]) in PROGRAMS:
                yield name, call[1:]
            call = []
        else:
            call.append(word)


@every_page
def test_every_command_line_is_understood(page, monkeypatch):
    """Parsed for real, by the real commands; nothing is executed."""
    monkeypatch.chdir(ROOT)
    monkeypatch.setattr(click.Command, 'invoke', lambda self, context: None)
    for name, arguments in command_lines(page.read_text()):
        result = CliRunner().invoke(PROGRAMS[name], arguments)
        assert result.exit_code == 0, f'{of(page)}: {name} {shlex.join(arguments)}: {result.output}'


@every_page
def test_every_command_named_in_a_sentence_has_help(page):
    for said in CODE.findall(prose(page.read_text())):
        if said.split()[0] not in PROGRAMS:
            continue
        name, *arguments = shlex.split(said)
        result = CliRunner().invoke(PROGRAMS[name], [*arguments, '--help'])
        assert result.exit_code == 0, f'{of(page)}: {said}: {result.output}'


def leaves(command: click.Command, name: str) -> Iterator[str]:
    if isinstance(command, click.Group):
        for word, sub in command.commands.items():
            yield from leaves(sub, f'{name} {word}')
    else:
        yield name


def test_every_command_is_documented():
    text = '\n'.join(page.read_text() for page in DOCS)
    said = {' '.join([name, *arguments]) for name, arguments in command_lines(text)} | set(CODE.findall(text))
    for program, cli in PROGRAMS.items():
        for leaf in leaves(cli, program):
            words_of_it = leaf.split()
            assert any(set(words_of_it) <= set(line.split()) for line in said), f'{leaf} is in no page'


def test_make_targets_exist():
    known = set(re.findall(r'^([a-z-]+):', read('Makefile'), re.M))
    for page in DOCS:
        text = page.read_text()
        said = [*CODE.findall(prose(text)), *(line for b in blocks(text, 'sh') for line in b.splitlines())]
        for line in said:
            if line.startswith('make '):
                assert line.split()[1] in known, f'{of(page)}: {line}'


# -- what the code has, the documents have ---------------------------------------------------------------------------
def options():
    """Ours, and those of the message bus and of Keystone's middleware that an operator may set in the same file."""
    from keystoneauth1 import loading
    from keystonemiddleware import auth_token
    from oslo_messaging import opts as bus

    groups = [*opts.GROUPS, (messaging.RABBIT, dict(bus.list_opts())[messaging.RABBIT])]
    login = [*loading.get_auth_common_conf_options(), *loading.get_auth_plugin_conf_options('password')]
    groups.append(('keystone_authtoken', [*dict(auth_token.list_opts())['keystone_authtoken'], *login]))
    return {group: {option.dest for option in found} for group, found in groups}


def test_every_option_that_is_named_exists():
    known = {(group, name) for group, names in options().items() for name in names}
    for page in DOCS:
        for group, name in OPTION.findall(page.read_text()):
            if name in ('for', 'in') or group[0].isdigit():
                continue
            assert (group, name) in known, f'{of(page)}: [{group}] {name}'


def test_every_option_of_an_ini_block_exists():
    known = options()
    for page in DOCS:
        for block in blocks(page.read_text(), 'ini'):
            group = 'DEFAULT'
            for line in filter(None, block.splitlines()):
                if line.startswith('['):
                    group = line.strip('[]')
                else:
                    assert line.partition('=')[0].strip() in known[group], f'{of(page)}: [{group}] {line}'


def test_the_component_table_has_every_package():
    table = read('docs/architecture.md').partition('## Components')[2]
    named = {path.rstrip('/') for path in CODE.findall(table)}
    for package in PACKAGES:
        assert package in named, package
        folders = {init.parent.relative_to(ROOT).as_posix() for init in (ROOT / package).rglob('__init__.py')}
        missing = {f for f in folders if f not in named and not f.endswith('/versions')}
        assert not missing - {'dbaas/db/migrations/versions'}, f'no component has {sorted(missing)}'


def test_every_state_of_an_operation_is_explained():
    rows = re.findall(r'^\| ([A-Z_]+) \|', read('docs/operator-guide.md'), re.M)
    assert set(words.ALL) | {'PAUSING'} == set(rows)


def test_every_route_is_documented():
    """The table of docs/api.md against the policy rules, which name the method and path of each route."""
    rows = re.findall(r'^\| ([A-Z]+) \| `([^`]+)` \|(.*)$', read('docs/api.md'), re.M)
    said = {(method, path): rest for method, path, rest in rows}
    known: dict[tuple[str, str], list] = {}
    for rule in api.list_rules():
        for operation in rule.operations:
            key = (operation['method'], operation['path'].removeprefix('/v1.0/{project_id}'))
            known.setdefault(key, []).append(rule)
    assert set(said) == set(known)
    for key, rules in known.items():
        for rule in rules:
            who = {'rule:admin': 'admin', MEMBER: 'member', READER: 'reader', '': 'anyone'}[rule.check_str]
            assert f'`{rule.name}`, {who}' in said[key], f'{key}: {rule.name}, {who}'


def test_every_operation_is_documented():
    guide = read('docs/operator-guide.md')
    for name, version in registry.OPERATIONS:
        assert f'## {name}, version {version}' in read('docs/flows.md')
        assert name in guide, f'{name} is not in the operator guide'


def test_the_table_of_flows_is_current():
    assert runpy.run_path(str(ROOT / 'tools/flow-tables.py'))['main'](['--check']) == 0, 'run tools/flow-tables.py'


def test_steps_named_in_examples_exist():
    steps = {name for key in registry.OPERATIONS for name in Graph(registry.build(*key)).steps}
    for page in DOCS:
        if page.name.startswith('add-'):
            continue  # they invent one
        for name in re.findall(r'(?:--step|stopped at step|"step":) "?([a-z][a-z-]+)', page.read_text()):
            assert name in steps, f'{of(page)}: {name}'


# -- decisions -------------------------------------------------------------------------------------------------------
RECORDS = sorted((ROOT / 'docs/adr').glob('0*.md'))


@pytest.mark.parametrize('record', RECORDS, ids=of)
def test_a_decision_has_its_five_parts(record):
    assert re.findall(r'^## (.+)$', record.read_text(), re.M) == [
        'Context', 'Options', 'Decision', 'Consequences', 'Revisited',
    ]  # fmt: skip
    assert record.read_text().startswith(f'# {record.name[:4]}: ')


def test_decisions_are_numbered_and_listed():
    assert [record.name[:4] for record in RECORDS] == [f'{n:04d}' for n in range(1, len(RECORDS) + 1)]
    listed = re.findall(r'\]\((\d{4}-[^)]+)\)', read('docs/adr/README.md'))
    assert listed == [record.name for record in RECORDS]


def test_every_dependency_has_a_reason():
    without_extras = re.sub(r'(?<=\w)\[\w+\]', '', read('setup.py'))
    wanted = re.search(r'install_requires=\[(.*?)\]', without_extras, re.S)
    assert wanted
    declared = [re.split(r'[<>=\[]', line)[0] for line in re.findall(r"'([^']+)'", wanted[1])]
    table = re.findall(r'^\| ([\w.-]+) \|', read('docs/adr/0011-dependencies.md'), re.M)
    assert [name for name in table if name != 'dependency'] == declared


def test_example_identities_are_what_the_token_file_takes(tmp_path):
    from dbaas.services.identity import TokenFile

    (block,) = blocks(read('docs/api.md'), 'yaml')
    path = tmp_path / 'identity.yaml'
    path.write_text(block)
    (entry,) = yaml.safe_load(block)
    found = TokenFile(str(path)).find(entry['token'])
    assert found is not None and found.project_name == entry['project_name']
