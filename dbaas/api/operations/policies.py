"""Tenants see, plan and abort their own operations; the other verbs are the operators'."""

from dbaas.policy import ADMIN, MEMBER, READER, rule

ONE = '/operations/{operation_id}'

RULES = (
    rule('operation:index', READER, 'List operations.', 'GET', '/operations'),
    rule('operation:index:all_projects', ADMIN, "List other projects' operations.", 'GET', '/operations'),
    rule('operation:create', ADMIN, 'Start demo.wait.', 'POST', '/operations'),
    rule('operation:plan', MEMBER, 'Show what a request would do.', 'POST', '/operations/plan'),
    rule('operation:stats', ADMIN, 'Show how long operations and steps take.', 'GET', '/operations/stats'),
    rule('operation:summary', ADMIN, 'Count what is under way.', 'GET', '/operations/summary'),
    rule('operation:show', READER, 'Show an operation.', 'GET', ONE),
    rule('operation:events', READER, "List an operation's events.", 'GET', f'{ONE}/events'),
    rule('operation:why', READER, 'Say what an operation waits for.', 'GET', f'{ONE}/why'),
    rule('operation:pause', ADMIN, 'Stop an operation after its current step.', 'POST', f'{ONE}/pause'),
    rule('operation:resume', ADMIN, 'Continue an operation.', 'POST', f'{ONE}/resume'),
    rule('operation:retry-now', ADMIN, 'Let a waiting operation look again.', 'POST', f'{ONE}/retry-now'),
    rule('operation:skip', ADMIN, 'Attest that a step is done.', 'POST', f'{ONE}/skip'),
    rule('operation:abort', MEMBER, 'Undo an operation.', 'POST', f'{ONE}/abort'),
)
