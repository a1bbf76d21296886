"""The command `completion` of each program: the script that lets a shell complete its words."""

import re

import click

from dbaas.cli import output

SHELLS = ('bash', 'zsh', 'fish')


@click.command(short_help='Print the script that completes words in your shell.')
@click.argument('shell', type=click.Choice(SHELLS))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Print the script that lets SHELL complete commands, options and, with dbaas-flow, ids and steps.

    \b
    Examples:
      source <(dbaas-flow completion bash)                          # this shell
      dbaas-flow completion bash > ~/.local/share/bash-completion/completions/dbaas-flow
      dbaas-flow completion zsh > ~/.zfunc/_dbaas-flow              # a folder of $fpath
      dbaas-flow completion fish > ~/.config/fish/completions/dbaas-flow.fish
    """
    from click.shell_completion import get_completion_class

    root = context.find_root()
    name = root.info_name or 'dbaas'
    variable = f'_{re.sub(r"[^A-Za-z0-9]", "_", name)}_COMPLETE'.upper()
    made = get_completion_class(shell)
    assert made is not None
    output.write(made(root.command, {}, name, variable).source())
