"""The API under somebody else's WSGI server: `dbaas.wsgi:application()` makes it, once in each worker process.

A worker is made after the server has forked (gunicorn: no --preload; uWSGI: lazy-apps): connections do not survive a
fork. Numbers of one worker of many say little, so [metrics] is not served here.
"""

import atexit
import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

import conf as options
from conf import logs
from dbaas import app
from dbaas.exceptions import Unavailable

if TYPE_CHECKING:
    import flask

VARIABLE = 'DBAAS_CONFIG'  # in the environment: a configuration file, or several with a ':' between them


def application(config_files: Sequence[str] = ()) -> 'flask.Flask':
    """config_files: later ones win; default: those that DBAAS_CONFIG names.

    Raises oslo_config.cfg.Error, DbaasError or OSError when it cannot start; the server's log has the text.
    """
    files = list(config_files) or [path for path in os.environ.get(VARIABLE, '').split(os.pathsep) if path]
    if not files:
        raise Unavailable(f'there is no configuration: name the file in {VARIABLE}, or pass it to application()')
    conf = options.load(config_files=files, program='dbaas-api')
    logs.setup(conf)
    parts, made = app.assembled(conf)
    parts.board.start()
    atexit.register(parts.board.close)
    return made
