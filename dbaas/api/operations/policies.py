"""Tenants see, plan and abort their own operations; the other verbs are the operators'."""

from dbaas.policy import ADMIN, ADMIN_OR_OWNER, rule

ONE = '/operations/{operation_id}'

RULES = (
    rule('operation:index', ADMIN_OR_OWNER, 'List operations.', 'GET', '/operations'),
    rule('operation:index:all_projects', ADMIN, "List other projects' operations.", 'GET', '/operations'),
    rule('operation:create', ADMIN, 'Start demo.wait.', 'POST', '/operations'),
    rule('operation:plan', ADMIN_OR_OWNER, 'Show what a request would do.', 'POST', '/operations/plan'),
    rule('operation:stats', ADMIN, 'Show how long operations and steps take.', 'GET', '/operations/stats'),
    rule('operation:summary', ADMIN, 'Count what is under way.', 'GET', '/operations/summary'),
    rule('operation:show', ADMIN_OR_OWNER, 'Show an operation.', 'GET', ONE),
    rule('operation:events', ADMIN_OR_OWNER, "List an operation's events.", 'GET', f'{ONE}/events'),
    rule('operation:why', ADMIN_OR_OWNER, 'Say what an operation waits for.', 'GET', f'{ONE}/why'),
    rule('operation:pause', ADMIN, 'Stop an operation after its current step.', 'POST', f'{ONE}/pause'),
    rule('operation:resume', ADMIN, 'Continue an operation.', 'POST', f'{ONE}/resume'),
    rule('operation:retry-now', ADMIN, 'Let a waiting operation look again.', 'POST', f'{ONE}/retry-now'),
    rule('operation:skip', ADMIN, 'Attest that a step is done.', 'POST', f'{ONE}/skip'),
    rule('operation:abort', ADMIN_OR_OWNER, 'Undo an operation.', 'POST', f'{ONE}/abort'),
)
