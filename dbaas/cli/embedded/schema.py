"""What a control plane's database holds before the first request: the schema, and what instances can be made of."""

from dbaas.db import migrate
from dbaas.db.session import Database
from dbaas.services import datastores

DATASTORE, VERSIONS = 'mariadb', ['10.11']


def prepare(db: Database) -> None:
    """Repeatable."""
    migrate.upgrade(db)
    db.run(lambda c: datastores.register(c, DATASTORE, DATASTORE, VERSIONS, default=VERSIONS[0]))
