"""Column types that differ between databases: what MariaDB calls TEXT ends at 64 KiB, and a failure may be longer."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import mysql, postgresql
from taskflow.persistence.backends.sqlalchemy.tables import JSONType

TEXT = sa.Text().with_variant(mysql.MEDIUMTEXT(), 'mysql', 'mariadb')

# of every table on MariaDB: ids and names compare as on the other databases, by case and to the last blank
_TABLE = {'engine': 'InnoDB', 'charset': 'utf8mb4', 'collate': 'utf8mb4_nopad_bin', 'row_format': 'DYNAMIC'}
TABLE: dict[str, Any] = {
    f'{dialect}_{name}': value for dialect in ('mysql', 'mariadb') for name, value in _TABLE.items()
}


class JSON(JSONType):
    """TaskFlow's; nothing is NULL everywhere, in PostgreSQL too."""

    cache_ok = True

    def load_dialect_impl(self, dialect: sa.Dialect) -> Any:
        if dialect.name in ('mysql', 'mariadb'):
            return dialect.type_descriptor(mysql.MEDIUMTEXT())
        if dialect.name == 'postgresql':
            return dialect.type_descriptor(postgresql.JSON(none_as_null=True))
        return super().load_dialect_impl(dialect)
