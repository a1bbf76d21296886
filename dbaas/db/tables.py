"""All tables, once. Times are seconds since the epoch (Double: Float is single precision on MariaDB)."""

from typing import Any

import sqlalchemy as sa
from taskflow.persistence.backends.sqlalchemy import tables as taskflow_tables

from dbaas.db.types import JSON, TEXT

METADATA = sa.MetaData()
BOOK = taskflow_tables.fetch(METADATA)  # logbooks, flowdetails, atomdetails: TaskFlow's own schema
for _table in BOOK:
    # a second index on the primary key; PostgreSQL does not even make it
    _table.constraints -= {found for found in _table.constraints if isinstance(found, sa.UniqueConstraint)}
    for _column in _table.c:
        if isinstance(_column.type, taskflow_tables.JSONType):
            _column.type = JSON()

ID = sa.String(64)
WORD = sa.String(64)
STEP = sa.String(128)
NAME = sa.String(255)
TIME = sa.Double


def column(name: str, type_: Any, **options: Any) -> sa.Column:
    return sa.Column(name, type_, nullable=False, **options)


def optional(name: str, type_: Any, **options: Any) -> sa.Column:
    return sa.Column(name, type_, nullable=True, **options)


DATASTORES = sa.Table(
    'datastores',
    METADATA,
    column('id', ID, primary_key=True),
    column('name', NAME, unique=True),
    optional('default_version_id', ID),
)

DATASTORE_VERSIONS = sa.Table(
    'datastore_versions',
    METADATA,
    column('id', ID, primary_key=True),
    column('datastore_id', ID, index=True),
    column('name', NAME),
    column('version', NAME),  # the number, e.g. 10.11
    column('manager', NAME),  # the guest's datastore driver
    column('active', sa.Boolean, default=True),
    optional('image', NAME),
    column('image_tags', JSON, default=list),
    column('packages', NAME, default=''),
    column('runtime', WORD, default='process'),  # or container
    optional('container_image', NAME),  # reference
    optional('container_archive', NAME),  # file that the image is brought from, where the agent is
    sa.UniqueConstraint('datastore_id', 'name', 'version', name='uq_datastore_version'),
)

INSTANCES = sa.Table(
    'instances',
    METADATA,
    column('id', ID, primary_key=True),
    column('project_id', ID),
    column('name', NAME),
    # BUILD until create ends, then ACTIVE or ERROR; what clients see adds the active operation's word
    column('status', WORD, default='BUILD'),
    column('datastore_version_id', ID),
    column('flavor', JSON),  # {id, name, ram, vcpus, disk, ephemeral} as it was when taken
    column('volume_size', sa.Integer),  # GiB
    optional('volume_type', NAME),
    column('access', JSON, default=dict),
    optional('region', NAME),
    optional('availability_zone', NAME),
    optional('locality', WORD),
    column('addresses', JSON, default=list),  # [{address, type, network}]
    optional('server_id', ID),
    optional('volume_id', ID),
    optional('guest_key_id', ID),  # the secret that seals messages to and from its guest
    optional('fault', JSON),  # {message, created, details}
    column('created', TIME),
    column('updated', TIME),
    optional('deleted', TIME),
    sa.Index('ix_instances_project', 'project_id', 'deleted', 'id'),
)

HEARTBEATS = sa.Table(
    'guest_heartbeats',
    METADATA,
    column('instance_id', ID, primary_key=True),
    column('at', TIME),
    column('state', WORD),  # operating_status as the guest reports it
    column('details', JSON, default=dict),  # {agent_version, contract, pid, volume: {total, used}}
)

QUOTAS = sa.Table(
    'quotas',
    METADATA,
    column('project_id', ID, primary_key=True),
    column('resource', WORD, primary_key=True),
    column('limit', sa.BigInteger),  # negative: none
    column('used', sa.BigInteger, default=0),
)

RESERVATIONS = sa.Table(
    'quota_reservations',
    METADATA,
    column('resource_id', ID, primary_key=True),  # what holds it: an instance
    column('resource', WORD, primary_key=True),
    column('project_id', ID),
    column('amount', sa.BigInteger),
)

SECRETS = sa.Table(
    'secrets',
    METADATA,
    column('id', ID, primary_key=True),
    column('project_id', ID),
    column('owner', ID, index=True),  # an operation (erased when it ends) or an instance
    column('purpose', WORD),
    column('key_id', WORD),
    column('nonce', sa.LargeBinary),
    column('ciphertext', sa.LargeBinary(16384)),
    column('created', TIME),
)

OPERATIONS = sa.Table(
    'operation',
    METADATA,
    column('id', ID, primary_key=True),
    column('type', WORD),  # instance.create; the flow's name
    column('version', sa.Integer),
    column('state', WORD),
    column('undo', sa.Boolean, default=False),  # set by abort, never cleared
    column('epoch', sa.Integer, default=0),
    column('post_seq', sa.Integer, default=1),
    column('wake_seq', sa.Integer, default=0),
    column('project_id', ID),
    column('user_id', ID),
    optional('request_id', ID),
    optional('resource_id', ID, index=True),
    optional('parent_id', ID, index=True),
    column('mode', WORD),  # exclusive, in-line, shared, delete, none
    column('policy', WORD),  # hold or abort on failure
    column('priority', sa.Integer, default=5),  # lower runs first
    column('inputs', JSON),
    optional('conductor', NAME),
    optional('step', STEP),  # the step that runs or stopped last, for lists
    optional('reason', TEXT),  # why it is held, aborted or refused
    column('created', TIME),
    column('updated', TIME),
    optional('started', TIME),
    optional('finished', TIME),
    column('beat', TIME, default=0.0),
    sa.Index('ix_operation_state', 'state', 'id'),
    sa.Index('ix_operation_project', 'project_id', 'created'),
    sa.Index('ix_operation_type', 'type', 'created'),
    sa.Index('ix_operation_finished', 'finished'),
)

LOCKS = sa.Table(
    'operation_lock',
    METADATA,
    column('resource_id', ID, primary_key=True),
    column('slot', ID, primary_key=True),  # 'exclusive', 'delete', or the operation of an in-line or shared one
    column('operation_id', ID, index=True),
    column('mode', WORD),
    column('seq', sa.Integer),  # order of acceptance on this resource
)

EVENTS = sa.Table(
    'operation_event',
    METADATA,
    column('operation_id', ID, primary_key=True),
    column('seq', sa.Integer, primary_key=True),
    column('kind', WORD),
    column('at', TIME),
    optional('step', STEP),
    optional('started', TIME),  # for outcomes: when the attempt began
    optional('conductor', NAME),
    optional('epoch', sa.Integer),
    optional('attempt', sa.Integer),
    optional('actor', NAME),
    optional('before', WORD),  # of verbs and changes: the operation's state before and after
    optional('after', WORD),
    optional('reason', TEXT),
    optional('error', TEXT),
)

WAITS = sa.Table(
    'operation_wait',
    METADATA,
    column('operation_id', ID, primary_key=True),
    column('key', sa.String(255), primary_key=True),
    column('step', STEP),
    optional('wake_at', TIME, index=True),
    optional('deadline', TIME),
    column('since', TIME),
)

REQUESTS = sa.Table(
    'operation_request',
    METADATA,
    sa.Column('id', sa.Integer, primary_key=True, autoincrement=True),
    column('operation_id', ID, index=True),
    column('verb', WORD),
    column('args', JSON, default=dict),
    column('actor', NAME),
    optional('reason', TEXT),
    column('state', WORD, default='new'),  # new, applied, refused
    optional('answer', TEXT),  # why it was refused
    column('at', TIME),
)

REPORTS = sa.Table(
    'command_report',
    METADATA,
    column('command_id', sa.String(255), primary_key=True),
    column('instance_id', ID),
    column('operation_id', ID, index=True),
    column('state', WORD),
    optional('result', JSON),
    optional('error', TEXT),
    column('at', TIME),
)
