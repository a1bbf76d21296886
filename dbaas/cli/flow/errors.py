"""Exit codes of dbaas-flow, and the errors that carry them."""

import click

OK = 0
REFUSED = 1  # any refusal that has no code of its own: bad input, quota, a fault of the API
USAGE = 2
UNREACHABLE = 3
UNAUTHORIZED = 4
NOT_FOUND = 5
CONFLICT = 6
HELD = 10
ABORTED = 11
CANCELLED = 12
SUPERSEDED = 13
TIMED_OUT = 14
PARTLY = 15

HELP = """\b
Exit codes:
   0  done; watch: SUCCEEDED
   1  refused by the API (bad input, quota), or any other error
   2  usage: an option, OS_ENDPOINT or OS_TOKEN is missing or wrong
   3  no answer from the API, or it is not ready
   4  the token or its role is refused
   5  no such operation, or a prefix that fits several
   6  the state of the operation does not allow it
  10  watch: HELD or ABORT_HELD, an operator is needed
  11  watch: ABORTED
  12  watch: CANCELLED
  13  watch: SUPERSEDED by a delete
  14  watch: --timeout passed
  15  --all: some were refused
 130  interrupted, or answered no
"""

OF_STATE = {
    'SUCCEEDED': OK,
    'HELD': HELD,
    'ABORT_HELD': HELD,
    'ABORTED': ABORTED,
    'CANCELLED': CANCELLED,
    'SUPERSEDED': SUPERSEDED,
}
_OF_STATUS = {
    401: UNAUTHORIZED,
    403: UNAUTHORIZED,
    404: NOT_FOUND,
    409: CONFLICT,
    502: UNREACHABLE,
    503: UNREACHABLE,
}


class CliError(click.ClickException):
    """One line and an exit code."""

    def __init__(self, message: str, exit_code: int = REFUSED):
        super().__init__(message)
        self.exit_code = exit_code  # type: ignore[misc]  # click declares it on the class


class Unreachable(CliError):
    """No answer from the API, or it is not ready: worth another try."""

    def __init__(self, message: str):
        super().__init__(message, UNREACHABLE)


def of_status(status: int, message: str) -> CliError:
    code = _OF_STATUS.get(status, REFUSED)
    return Unreachable(message) if code == UNREACHABLE else CliError(message, code)
