"""What a parked operation waits for, in words: the keys of operation_wait."""

from typing import Any

import sqlalchemy as sa

from dbaas.db import heartbeats
from flows.progress import stamp


def words(c: sa.Connection, op: Any, wait: Any) -> str:
    """wait: a row of operation_wait. 'command prepare-database of guest 7d0c', 'the first heartbeat of guest 7d0c'."""
    if wait.key.startswith(f'{op.id}:'):
        return _command(op, wait.key)
    kind, _, name = wait.key.partition(':')
    if kind == 'guest':
        return _guest(c, name)
    if kind == 'server':
        return f'server {name} to be {"gone" if op.undo or op.type.endswith(".delete") else "up"}'
    if kind == 'cloud':
        return f'an answer of the cloud ({name})'
    if kind == 'broker':
        return f'the message broker, for the user of guest {name}'
    if kind == 'alarm':
        return f'its alarm at {stamp(wait.wake_at)}' if wait.wake_at else 'its alarm'
    return wait.key


def _command(op: Any, key: str) -> str:
    """operation:step:do|undo:attempt"""
    _, step, way, attempt = key.split(':', 3)
    undo = 'the undo of ' if way == 'undo' else ''
    again = f' (attempt {attempt})' if attempt != '1' else ''
    return f'{undo}command {step} of guest {op.resource_id}{again}'


def _guest(c: sa.Connection, instance_id: str) -> str:
    beat = heartbeats.get(c, instance_id)
    if beat is None:
        return f'the first heartbeat of guest {instance_id}'
    return f'an answer of guest {instance_id} (last heartbeat {stamp(beat.at)}, {beat.state})'


def advice(op: Any, waits: list[Any]) -> list[str]:
    """Where to look."""
    kinds = {'command' if wait.key.startswith(f'{op.id}:') else wait.key.partition(':')[0] for wait in waits}
    if kinds & {'command', 'guest'}:
        return [f'What the guest says: the log of the agent of instance {op.resource_id}.']
    if 'broker' in kinds:
        return ['Is RabbitMQ up, and does its management API answer at [messaging] management_url?']
    if 'cloud' in kinds:
        return ['Which service is away, and since when: `dbaas-manage check` asks each.']
    if 'server' in kinds:
        return [f'What the cloud says: the server of instance {op.resource_id}.']
    return []
