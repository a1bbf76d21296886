"""One error tree. Each error knows its HTTP status; dbaas/api/errors.py turns it into Trove's fault."""


class DbaasError(Exception):
    """Base: `status` is the HTTP code a client sees when it gets that far."""

    status = 500


class BadRequest(DbaasError):
    status = 400


class DoesNotFit(BadRequest):
    """A value that the database cannot keep: too long, too large, or with a NUL in it."""


class Unauthorized(DbaasError):
    status = 401


class Forbidden(DbaasError):
    status = 403


class NotFound(DbaasError):
    status = 404


class Conflict(DbaasError):
    """The state of the resource or the operation does not allow this; the message names the state."""

    status = 409


class OverLimit(DbaasError):
    status = 413


class UnsupportedMediaType(DbaasError):
    status = 415


class Unprocessable(DbaasError):
    """Trove's 422: the instance is busy or not in a state that allows the action; names the lock holder."""

    status = 422


class NotImplementedHere(DbaasError):
    status = 501


class Unavailable(DbaasError):
    status = 503


class DatabaseUnavailable(Unavailable):
    """The control plane's database cannot be asked; the text is for people outside, `reason` for those inside.

    in_doubt: COMMIT was sent and not answered, the work may have been done. died: a connection that had worked.
    """

    in_doubt = False
    died = False

    def __init__(self, reason: str):
        super().__init__('The database of the control plane does not answer; try again in a moment.')
        self.reason = reason


class CloudError(DbaasError):
    """A cloud call failed for good: what failed, on which resource, what to do. Requests answer in other words."""

    status = 503


class CloudUnavailable(CloudError):
    """No answer, or one that will pass (429, 500, 503): the call may have had its effect; clients repeat it.

    after: seconds that the service asks us to wait, if it does.
    """

    def __init__(self, message: str, after: float | None = None):
        super().__init__(message)
        self.after = after


class GuestError(DbaasError):
    """A guest answered that a command failed, or refused it."""


class GuestUnreachable(GuestError):
    """No answer from the guest within the deadline: it may have run the command."""

    status = 503


class CommandRefused(GuestError):
    """The guest refused the command: stale epoch, bad seal, unknown verb or contract version."""


class ClaimLost(DbaasError):
    """Another conductor owns the operation now: stop, write nothing."""
