"""What every command gets: the API, opened at the first use, the wanted format and the source line."""

import dataclasses
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import click

from dbaas.cli import output
from dbaas.cli.flow import auth
from dbaas.cli.text import Block

if TYPE_CHECKING:
    from dbaas.cli.flow.api import Api


@dataclasses.dataclass
class Session:
    options: auth.Options = dataclasses.field(default_factory=auth.Options)
    timeout: float = 30.0
    format: str = 'table'
    _api: 'Api | None' = None

    @property
    def api(self) -> 'Api':
        if self._api is None:
            from dbaas.cli.flow.api import Api

            self._api = Api(auth.access(self.options), self.timeout)
        return self._api

    def emit(self, data: Any, blocks: Callable[[], Sequence[Block]]) -> None:
        """`data` in the wanted format; people are told where it comes from."""
        if self.format == 'table':
            output.say(f'source: API {self.api.url}')
        output.emit(self.format, data, blocks)


pass_session = click.make_pass_decorator(Session, ensure=True)


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
