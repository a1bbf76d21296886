"""A plain process is known by its pid file and its command line, also while it replaces itself by another program."""

import pathlib
import signal

from dbaas.cli.cluster.process import Process

AGAIN = """\
test "$1" = 0 && exec python3 -c 'import signal; signal.pause()' "$2"
exec sh "$0" $(($1 - 1)) "$2"
"""


def test_it_is_never_gone_while_it_execs(tmp_path: pathlib.Path) -> None:
    script = tmp_path / 'again'
    script.write_text(AGAIN)
    process = Process(str(tmp_path), 'again', 'the-mark')
    process.start(['sh', str(script), '300', 'the-mark'])
    try:
        assert None not in [process.pid for _ in range(3000)]
    finally:
        process.stop(signal.SIGKILL)
