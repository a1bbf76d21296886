"""MariaDB, composed of its concerns."""

from guestagent.datastores.base import Datastore
from guestagent.datastores.mariadb.databases import Databases
from guestagent.datastores.mariadb.service import Service
from guestagent.datastores.mariadb.users import Users
from guestagent.place import Place
from guestagent.system.process import ServerProcess


def MariaDB(place: Place) -> Datastore:
    return Datastore('mariadb', Service(place, ServerProcess(place)), Databases(place), Users(place))
