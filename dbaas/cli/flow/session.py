"""What every command gets: the API or the database, opened at the first use, the wanted format and the source line."""

import dataclasses
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import click

from dbaas.cli import output
from dbaas.cli.flow import auth
from dbaas.cli.text import Block

if TYPE_CHECKING:
    from dbaas.cli.flow.api import Api
    from dbaas.cli.flow.records import Records


@dataclasses.dataclass
class Session:
    """db: None for the API; else what --db says, '' for what the configuration says."""

    options: auth.Options = dataclasses.field(default_factory=auth.Options)
    timeout: float = 30.0
    db: str | None = None
    state: str | None = None
    config_files: tuple[str, ...] = ()
    format: str = 'table'
    quiet: bool = False  # says nothing on stderr: completing words
    _api: 'Api | Records | None' = None

    @property
    def api(self) -> 'Api | Records':
        """What is asked and ordered; both offer the same."""
        if self._api is None:
            self._api = self._open()
        return self._api

    def _open(self) -> 'Api | Records':
        if self.db is not None:
            from dbaas.cli.flow import records

            found = records.connect(self.db, self.state, self.config_files)
            if not self.quiet:
                output.say(found.source)
            return found
        from dbaas.cli.flow.api import Api

        return Api(auth.access(self.options), self.timeout)

    def say_source(self) -> None:
        """People are told where it comes from; --db has said so already, whatever the format."""
        if self.db is None and self.format == 'table':
            output.say(self.api.source)

    def emit(self, data: Any, blocks: Callable[[], Sequence[Block]]) -> None:
        """`data` in the wanted format."""
        self.say_source()
        output.emit(self.format, data, blocks)


pass_session = click.make_pass_decorator(Session, ensure=True)


def prepare(context: click.Context) -> Session:
    """The session that the group's options, of the root context, ask for."""
    params = context.find_root().params
    session = context.ensure_object(Session)
    named = {field.name: params.get(f'os_{field.name}') for field in dataclasses.fields(auth.Options)}
    session.options = auth.Options(**{**named, 'insecure': bool(params.get('insecure'))})  # type: ignore[arg-type]
    session.timeout = params.get('http_timeout') or session.timeout
    session.db, session.state = params.get('db'), params.get('state')
    session.config_files = params.get('config_file') or ()
    return session


def _set_format(context: click.Context, _: click.Parameter, value: str | None) -> None:
    if value is not None:
        context.ensure_object(Session).format = value


format_option = click.option(
    '-o',
    '--format',
    type=click.Choice(output.FORMATS),
    expose_value=False,
    callback=_set_format,
    help='How to print: table (default), json or yaml.',
)
