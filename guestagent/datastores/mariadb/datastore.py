"""MariaDB, composed of its concerns."""

from guestagent.datastores.base import Datastore
from guestagent.datastores.mariadb.databases import Databases
from guestagent.datastores.mariadb.service import Service
from guestagent.datastores.mariadb.users import Users
from guestagent.place import Place
from guestagent.runtime.runtimes import Runtimes


def MariaDB(place: Place) -> Datastore:
    runtimes = Runtimes(place)
    return Datastore('mariadb', Service(place, runtimes), Databases(place), Users(place), runtimes)
