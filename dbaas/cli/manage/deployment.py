"""The deployment a command works on: its options, and where it keeps its database, keys and identities."""

import dataclasses
import functools
import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from oslo_config import cfg

    from dbaas.db.session import Database
    from dbaas.services.keyring import Keyring

FAILED = 1


class ManageError(click.ClickException):
    """One line; exit code 1."""

    exit_code = FAILED


@dataclasses.dataclass
class Deployment:
    """Nothing is read before it is asked for: `check` must also work where much is broken."""

    state_dir: str | None = None
    config_files: tuple[str, ...] = ()
    format: str = 'table'

    @functools.cached_property
    def conf(self) -> 'cfg.ConfigOpts':
        """Raises ManageError naming the file and the option."""
        from oslo_config import cfg

        import conf as options

        try:
            files = self.config_files or _of_a_cluster(self.state_dir or './var')
            loaded = options.load(config_files=files, program='dbaas-manage')
            _read_all(loaded)
        except cfg.Error as error:
            raise ManageError(f'the configuration cannot be used: {error}') from error
        if self.state_dir:
            loaded.set_override('state_dir', self.state_dir)
        return loaded

    @property
    def state(self) -> str:
        return os.path.abspath(self.conf.state_dir)

    def within(self, name: str) -> str:
        """A file of the state directory."""
        return os.path.join(self.state, name)

    @property
    def key_file(self) -> str:
        return self.conf.secrets.key_file or self.within('keys.yaml')

    @property
    def token_file(self) -> str:
        return self.conf.identity.token_file or self.within('identity.yaml')

    @property
    def database_url(self) -> str:
        return self.conf.database.connection or f'sqlite:///{self.within("dbaas.sqlite")}'

    @property
    def database_file(self) -> str | None:
        """Where the default database is; None: it is not SQLite of ours."""
        return None if self.conf.database.connection else self.within('dbaas.sqlite')

    @functools.cached_property
    def db(self) -> 'Database':
        """Raises ManageError where there is none yet: only `db upgrade` makes one."""
        if self.database_file and not os.path.exists(self.database_file):
            raise ManageError(f'no database in {self.state}: give --state, or make one with `dbaas-manage db upgrade`')
        return self.open()

    def open(self) -> 'Database':
        """Without a limit for single statements: a migration takes the time that it takes."""
        from dbaas.db.engines import Limits
        from dbaas.db.session import Database

        return Database(self.database_url, reruns=self.conf.database.reruns, limits=Limits(answer_within=None))

    @property
    def source(self) -> str:
        """What `show` commands read, without a password."""
        return f'database {self.db.engine.url!r}'

    def keyring(self) -> 'Keyring':
        """Raises ManageError."""
        from dbaas.services import keyring

        try:
            return keyring.load(self.key_file)
        except (keyring.KeyringError, OSError) as error:
            raise ManageError(str(error)) from error


def _of_a_cluster(state: str) -> tuple[str, ...]:
    """What `dbaas cluster up` has written down, where it was; its database is not the usual one."""
    from dbaas.cli import kind
    from dbaas.cli.cluster import files

    path = files.path_of(os.path.abspath(state), 'api')
    return (path,) if kind.of(os.path.abspath(state)) == kind.CLUSTER and os.path.exists(path) else ()


def _read_all(conf: 'cfg.ConfigOpts') -> None:
    """oslo.config looks at a value when it is asked for; we want to know now. Raises cfg.Error."""
    from conf import opts

    for group, options in opts.GROUPS:
        values = conf if group == 'DEFAULT' else conf[group]
        for option in options:
            values[option.dest]


pass_deployment = click.make_pass_decorator(Deployment, ensure=True)


def explained(work: Callable[..., None]) -> Callable[..., None]:
    """Errors of ours and of the database as one line."""

    @functools.wraps(work)
    def wrapped(*args: Any, **kwargs: Any) -> None:
        from dbaas import exceptions
        from dbaas.db import failures

        try:
            work(*args, **kwargs)
        except exceptions.DbaasError as error:
            raise ManageError(str(error)) from error
        except failures.ERRORS as error:
            raise ManageError(f'the database does not answer: {failures.reason(error)}') from error

    return wrapped
