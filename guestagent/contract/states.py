"""Words both sides use: outcomes of commands, and the database's state as Trove spells it."""

RUNNING = 'running'
SUCCEEDED = 'succeeded'
FAILED = 'failed'
UNKNOWN = 'unknown'  # the ledger has never seen this command
FINISHED = (SUCCEEDED, FAILED)

# operating_status, Trove's words
HEALTHY = 'HEALTHY'
SHUTDOWN = 'SHUTDOWN'
BUILD = 'BUILD'
ERROR = 'ERROR'
