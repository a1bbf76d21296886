"""How our programs end: one clear line on stderr and an exit code, whatever happened."""

import os
import sys

import click

INTERRUPTED = 130


def run(group: click.Group, name: str) -> int:
    """Run a command group and answer the exit code."""
    try:
        result = group.main(prog_name=name, standalone_mode=False)
        sys.stdout.flush()
    except click.UsageError as error:
        error.show()
        return error.exit_code
    except click.ClickException as error:
        print(f'{name}: {" ".join(error.format_message().split())}', file=sys.stderr)
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        print(f'{name}: interrupted', file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:  # the reader, such as head, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    return result if isinstance(result, int) else 0
