"""All tests of dbaas.db run on every kind of database."""

from tests.fixtures import every_kind

kind = every_kind()
