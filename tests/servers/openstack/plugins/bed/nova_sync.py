"""The tables of Nova and its two cells. Argument: nova.conf.

`nova-manage` would be five processes. The cells name their databases by templates, because ports change between runs.
"""

import os
import sys

os.environ['OS_NOVA_DISABLE_EVENTLET_PATCHING'] = '1'

from nova import config, context, objects
from nova.db import migration

SERVER = '{scheme}://{username}:{password}@{hostname}:{port}/'
CELL1 = '11111111-1111-4111-8111-111111111111'


def main() -> None:
    objects.register_all()
    config.parse_args(['nova-manage', '--config-file', sys.argv[1]])
    migration.db_sync(database='api')
    admin = context.get_admin_context()
    cell0 = _cell(admin, objects.CellMapping.CELL0_UUID, 'cell0', 'none:///', 'dbaas_nova_cell0')
    _cell(admin, CELL1, 'cell1', 'fake:///', 'dbaas_nova')
    with context.target_cell(admin, cell0) as inside:
        migration.db_sync(context=inside)
    migration.db_sync()


def _cell(admin, number: str, name: str, bus: str, database: str):
    made = objects.CellMapping(admin, uuid=number, name=name, transport_url=bus, database_connection=SERVER + database)
    made.create()
    return objects.CellMapping.get_by_uuid(admin, number)  # with its URL filled in


if __name__ == '__main__':
    main()
