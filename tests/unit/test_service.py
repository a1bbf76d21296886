"""Reading again: what may change does, what may not does not, and a file that is unusable changes nothing."""

import logging
import pathlib

import pytest

import conf as options
from conf import logs
from dbaas import service
from dbaas.exceptions import Unavailable

BEFORE = '[api]\npage_size = 7\nthreads = 3\n[flows]\nstep_deadline = 5\n'
AFTER = '[DEFAULT]\ndebug = true\n[api]\npage_size = 9\nthreads = 4\n[flows]\nstep_deadline = 6\n'


@pytest.fixture
def path(tmp_path: pathlib.Path) -> pathlib.Path:
    (tmp_path / 'a.conf').write_text(BEFORE)
    return tmp_path / 'a.conf'


def test_mutable_options_change_and_others_stay(path: pathlib.Path) -> None:
    conf = options.load(config_files=[str(path)])
    limits = conf.flows
    path.write_text(AFTER)
    service.reread(conf)
    assert (conf.api.page_size, limits.step_deadline) == (9, 6)
    assert conf.api.threads == 3


def test_the_level_of_the_log_changes(path: pathlib.Path) -> None:
    root = logging.getLogger()
    before = root.level, root.handlers[:]
    conf = options.load(config_files=[str(path)])
    logs.setup(conf)
    try:
        path.write_text(AFTER)
        service.reread(conf)
        assert root.level == logging.DEBUG
    finally:
        root.level, root.handlers[:] = before
        logging.captureWarnings(False)


@pytest.mark.parametrize('text', [AFTER + '[conductor]\nreconcile_interval = soon\n', 'no section = 1\n'])
def test_a_bad_file_changes_nothing(path: pathlib.Path, text: str) -> None:
    conf = options.load(config_files=[str(path)])
    path.write_text(text)
    service.reread(conf)
    assert (conf.api.page_size, conf.conductor.reconcile_interval) == (7, 5)


def test_one_failure_does_not_keep_the_rest_from_being_read(path: pathlib.Path) -> None:
    conf = options.load(config_files=[str(path)])
    read: list[str] = []

    def unusable() -> None:
        raise Unavailable('the key file')

    service.reread(conf, unusable, lambda: read.append('policy'))
    assert read == ['policy']
