"""Container runtime"""

import sqlalchemy as sa
from alembic import op

revision = '0002'
down_revision = '0001'


def upgrade() -> None:
    with op.batch_alter_table('datastore_versions', schema=None) as batch_op:
        # what is registered already runs as a process
        batch_op.add_column(sa.Column('runtime', sa.String(length=64), nullable=False, server_default='process'))
        batch_op.add_column(sa.Column('container_image', sa.String(length=255), nullable=True))
        batch_op.add_column(sa.Column('container_archive', sa.String(length=255), nullable=True))
    with op.batch_alter_table('datastore_versions', schema=None) as batch_op:
        batch_op.alter_column('runtime', existing_type=sa.String(length=64), nullable=False, server_default=None)


def downgrade() -> None:
    with op.batch_alter_table('datastore_versions', schema=None) as batch_op:
        batch_op.drop_column('container_archive')
        batch_op.drop_column('container_image')
        batch_op.drop_column('runtime')
