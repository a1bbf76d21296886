"""What `dbaas-manage check` finds."""

import json

from click.testing import CliRunner

from dbaas.cli.manage.main import NAME, cli

Findings = dict[str, list[dict[str, str]]]


def checked(state: str, config: str, code: int = 0) -> Findings:
    """config: a configuration file; code: the exit code that there must be. -> findings by the name of their check."""
    args = ['--state', state, '--config-file', config, '-o', 'json', 'check']
    result = CliRunner().invoke(cli, args, prog_name=NAME)
    assert result.exit_code == code and isinstance(result.exception, SystemExit | None), (
        result.output,
        result.exception,
    )
    found: Findings = {}
    for finding in json.loads(result.stdout):
        assert finding['result'] == 'ok' or finding['remedy'], finding
        found.setdefault(finding['name'], []).append(finding)
    return found


def results(findings: list[dict[str, str]]) -> list[str]:
    return [finding['result'] for finding in findings]
