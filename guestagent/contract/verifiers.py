"""What a server checks a password against, computed here: no plain password is ever sent to a server."""

import hashlib


def mysql_native(password: str) -> str:
    """mysql_native_password of MariaDB: '*' and 40 upper-case hex digits."""
    inner = hashlib.sha1(password.encode()).digest()
    return '*' + hashlib.sha1(inner).hexdigest().upper()


SCHEMES = {'mariadb': mysql_native}


def verifier(datastore: str, password: str) -> str:
    """The verifier that `datastore` takes. Raises KeyError for one that we do not know."""
    return SCHEMES[datastore](password)
