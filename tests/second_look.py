"""A plugin: what failed beside everything else is run once more, alone. What passes then is UNSTEADY, named, not red.

Hundreds of real servers share the cores of one machine; CPython's regrtest does the same. docs/adr/0024-second-look.md
"""

import subprocess
import sys

import pytest

LIMIT = 3  # failures; more are no accident of a busy machine


class SecondLook:
    def __init__(self, config: pytest.Config):
        self._config = config
        self._failed: dict[str, None] = {}  # ids, in their order
        self._uncollected = False
        self._again: subprocess.CompletedProcess[str] | None = None

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        self._uncollected |= report.failed

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self._failed[_without_group(report.nodeid)] = None

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        red = exitstatus == pytest.ExitCode.TESTS_FAILED and not self._uncollected
        if red and 0 < len(self._failed) <= LIMIT:
            alone = [sys.executable, '-m', 'pytest', '-n', '0', *self._failed]
            self._again = subprocess.run(alone, cwd=self._config.rootpath, capture_output=True, text=True)
            if self._again.returncode == 0:
                session.exitstatus = pytest.ExitCode.OK

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if self._again is None:
            return
        terminalreporter.section('second look, alone')
        if self._again.returncode != 0:
            terminalreporter.write_line(self._again.stdout + self._again.stderr)
            return
        for test in self._failed:
            terminalreporter.write_line(f'UNSTEADY {test}: failed above, passed alone; it is to be mended')


def _without_group(test: str) -> str:
    """xdist adds @group to the ids of tests that stay together."""
    return test if '@' not in test or test.endswith(']') else test.rpartition('@')[0]


def pytest_configure(config: pytest.Config) -> None:
    if not hasattr(config, 'workerinput'):  # the one that sees all reports
        config.pluginmanager.register(SecondLook(config))
