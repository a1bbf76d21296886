"""Password verifiers: what a database server is given instead of a password. Pure functions, one per scheme."""

import hashlib


def mysql_native(password: str) -> str:
    """mysql_native_password: '*' and 40 upper-case hex digits of SHA1(SHA1(password))."""
    return '*' + hashlib.sha1(hashlib.sha1(password.encode()).digest()).hexdigest().upper()
