"""States of an operation, in the groups that decisions are made by."""

RUNNABLE = ('QUEUED', 'RUNNING', 'ABORTING')  # a job for it ought to be on the board, or claimed
AT_REST = ('ACCEPTED', 'QUEUED', 'WAITING', 'HELD', 'PAUSED', 'ABORT_HELD')
TERMINAL = ('SUCCEEDED', 'ABORTED', 'CANCELLED', 'SUPERSEDED')
STUCK = ('HELD', 'ABORT_HELD')
UNDER_WAY = ('ACCEPTED', 'QUEUED', 'RUNNING', 'WAITING', 'PAUSED', 'ABORTING', 'HELD', 'ABORT_HELD')
ALL = (*UNDER_WAY, *TERMINAL)

# lock modes
EXCLUSIVE, IN_LINE, SHARED, DELETE, NONE = 'exclusive', 'in-line', 'shared', 'delete', 'none'
