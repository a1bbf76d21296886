"""Answers of the API, made by hand: operations in every situation that a renderer must know."""

from typing import Any

NAMES = (
    ('create-security-group', 1, 'resources', ()),
    ('create-port', 1, 'resources', ()),
    ('create-volume', 1, 'resources', ()),
    ('create-server', 0, 'instance.create', ('create-port', 'create-security-group', 'create-volume')),
    ('start-database', 0, 'instance.create', ('create-server',)),
    ('wait-for-database', 0, 'instance.create', ('start-database',)),
    ('publish-endpoint', 0, 'instance.create', ('wait-for-database',)),
)
ID = '0b7f1a52-64a3-4a2e-9d0c-2f5c3c1f9a11'
OTHER = '0b7f1a52-9999-4a2e-9d0c-2f5c3c1f9a12'
INSTANCE = '7d0c9d0e-0c55-4b83-8d1a-1f8a3d1f0b21'


def step(name: str, state: str = 'PENDING', **values: Any) -> dict[str, Any]:
    known = {n: (depth, group, after) for n, depth, group, after in NAMES}
    depth, group, after = known.get(name, (0, 'instance.create', ()))
    return {
        'name': name,
        'state': state,
        'attempt': 1,
        'started': None,
        'finished': None,
        'duration': None,
        'conductor': None,
        'error': None,
        'effect': f'effect of {name}',
        'irreversible': None,
        'disrupts': False,
        'restores': False,
        'attested_by': None,
        'depth': depth,
        'group': group,
        'after': list(after),
    } | values


def operation(state: str = 'SUCCEEDED', **values: Any) -> dict[str, Any]:
    return {
        'id': ID,
        'type': 'instance.create',
        'version': 1,
        'state': state,
        'undo': False,
        'step': None,
        'reason': None,
        'instance_id': INSTANCE,
        'project_id': 'demo',
        'user_id': 'admin',
        'request_id': 'req-1',
        'parent_id': None,
        'conductor': None,
        'created': '2026-11-21T10:00:00.000',
        'updated': '2026-11-21T10:00:02.000',
        'started': '2026-11-21T10:00:00.010',
        'finished': None,
        'duration': None,
        'links': [],
    } | values


def held() -> dict[str, Any]:
    """Stopped at start-database for the second time; a volume was made by hand; somebody asked for a pause."""
    done = {'state': 'SUCCESS', 'duration': 0.012, 'conductor': 'host-17'}
    reason = 'mariadbd not found at /nowhere: install mariadb-server-core or set [mariadb] server_binary'
    return operation(
        'HELD',
        step='start-database',
        reason=reason,
        steps=[
            step('create-security-group', **done),
            step('create-port', **done),
            step('create-volume', 'SKIPPED', attested_by='admin'),
            step('create-server', **done, disrupts=True),
            step('start-database', 'FAILURE', duration=75.2, attempt=2, conductor='host-18', error=reason),
            step('wait-for-database', restores=True),
            step('publish-endpoint', irreversible='others know the address now'),
        ],
        waits=[],
        requests=[
            {
                'verb': 'pause',
                'actor': 'admin',
                'reason': 'maintenance',
                'state': 'refused',
                'answer': 'the operation is HELD',
                'at': '2026-11-21T10:00:01.000',
            }
        ],
    )


def waiting() -> dict[str, Any]:
    done = {'state': 'SUCCESS', 'duration': 0.2}
    return operation(
        'WAITING',
        step='wait-for-database',
        undo=True,
        steps=[step(name, **done) for name, *_ in NAMES[:5]] + [step('wait-for-database', 'WAITING')],
        waits=[
            {
                'step': 'wait-for-database',
                'key': f'{ID}/start-database/1',
                'since': '2026-11-21T10:00:01.000',
                'wake_at': '2026-11-21T10:00:03.000',
                'deadline': '2026-11-21T10:10:01.000',
            }
        ],
        requests=[],
    )


def undone() -> dict[str, Any]:
    return operation(
        'ABORT_HELD',
        undo=True,
        step='create-port',
        reason='cloud says no',
        steps=[
            step('create-security-group', 'SUCCESS'),
            step('create-port', 'REVERT_FAILURE', error='cloud\nsays \x1b[31mno'),
            step('create-volume', 'REVERTING'),
            step('create-server', 'REVERTED'),
            step('start-database', 'RUNNING'),
        ],
        waits=[],
        requests=[],
    )


EVENTS = [
    {'seq': 1, 'kind': 'accepted', 'at': '2026-11-21T10:00:00.000', 'actor': 'admin'},
    {'seq': 2, 'kind': 'claimed', 'at': '2026-11-21T10:00:00.010', 'epoch': 1, 'conductor': 'host-17'},
    {
        'seq': 3,
        'kind': 'failed',
        'at': '2026-11-21T10:00:01.000',
        'started': '2026-11-21T10:00:00.100',
        'step': 'start-database',
        'attempt': 2,
        'epoch': 1,
        'error': 'line one\nline two',
    },
    {
        'seq': 4,
        'kind': 'held',
        'at': '2026-11-21T10:00:01.000',
        'before': 'RUNNING',
        'after': 'HELD',
        'reason': 'line one',
    },
    {
        'seq': 5,
        'kind': 'pause-refused',
        'at': '2026-11-21T10:00:01.000',
        'actor': 'admin',
        'before': 'HELD',
        'after': 'HELD',
        'reason': 'maintenance',
        'error': 'the operation is HELD',
    },
]

WHY = {
    'summary': 'create stopped at start-database',
    'state': 'HELD',
    'step': 'start-database',
    'since': '2026-11-21T10:00:02.000',
    'waiting_on': [
        {
            'key': 'guest:7d0c',
            'what': 'the first heartbeat of guest 7d0c',
            'step': 'wait-for-guest',
            'since': '2026-11-21T10:00:01.000',
            'looks_again': '2026-11-21T10:00:03.000',
            'deadline': None,
        }
    ],
    'last_error': {
        'step': 'start-database',
        'at': '2026-11-21T10:00:02.000',
        'attempt': 2,
        'error': 'mariadbd not found at /nowhere',
    },
    'lock': {'operation': OTHER, 'type': 'instance.create', 'state': 'RUNNING'},
    'behind': [{'operation': OTHER, 'type': 'instance.delete', 'state': 'ACCEPTED'}],
    'pace': {
        'step': 'wait-for-guest',
        'started': '2026-11-21T10:00:01.000',
        'ran': 95.0,
        'deadline': '2026-11-21T10:10:01.000',
        'count': 40,
        'p50': 12.0,
        'p95': 20.0,
        'slower': True,
    },
    'conductor': 'conductor-1',
    'beat': '2026-11-21T10:00:02.000',
    'requests': [{'verb': 'pause', 'actor': 'admin', 'reason': 'maintenance', 'at': '2026-11-21T10:00:01.000'}],
    'advice': ['install mariadb-server-core', f'dbaas-flow resume {ID} --reason ...'],
}

PLAN = {
    'type': 'instance.create',
    'version': 1,
    'steps': [
        {
            'name': name,
            'effect': f'make {name}',
            'undo': f'unmake {name}',
            'irreversible': 'others know the address now' if name == 'publish-endpoint' else None,
            'disrupts': name == 'create-server',
            'restores': name == 'wait-for-database',
            'depth': depth,
            'group': group,
            'after': list(after),
            'expected': 0.5 if depth else None,
            'slow': 0.9 if depth else None,
        }
        for name, depth, group, after in NAMES
    ],
    'point_of_no_return': 'publish-endpoint',
    'quota': {
        'instances': {'adds': 1, 'used': 3, 'limit': 10},
        'ram': {'adds': 512, 'used': 0, 'limit': -1},
    },
    'expected_duration': 3.25,
    'slow_duration': 6.0,
}

STATS = [
    {'type': 'instance.create', 'step': None, 'undo': False, 'count': 40, 'failures': 2, 'p50': 30.0, 'p95': 75.0,
     'longest': 120.0},
    {'type': 'instance.create', 'step': 'create-server', 'undo': False, 'count': 41, 'failures': 0, 'p50': 0.2,
     'p95': 0.9, 'longest': 1.0},
    {'type': 'instance.create', 'step': 'create-port', 'undo': True, 'count': 0, 'failures': 1, 'p50': None,
     'p95': None, 'longest': None},
]  # fmt: skip

NOW = {
    'at': '2026-11-21T10:00:02.000',
    'states': {
        'RUNNING': {'count': 3, 'since': '2026-11-21T10:00:01.000'},
        'HELD': {'count': 1, 'since': '2026-11-21T09:00:01.000'},
    },
    'conductors': [{'name': 'conductor-1', 'running': 3, 'beat': '2026-11-21T10:00:01.900'}],
    'rates': {'window': 300.0, 'accepted': 1.4, 'ended': {'succeeded': 1.2, 'aborted': 0.2}},
    'operations': [held()],
}
