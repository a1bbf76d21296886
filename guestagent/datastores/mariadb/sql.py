"""Names and values in statements, quoted so that they stay names and values, also in an init-file."""

from pymysql.converters import escape_string

from guestagent.failure import CommandError


def literal(value: str) -> str:
    return f"'{escape_string(_plain(value))}'"


def name(value: str) -> str:
    return '`' + _plain(value).replace('`', '``') + '`'


def pattern(database: str) -> str:
    """A database in GRANT is a LIKE pattern: unescaped, my_db opens myXdb too."""
    escaped = database.replace('\\', '\\\\').replace('_', r'\_').replace('%', r'\%')
    return name(escaped)


def word(value: str) -> str:
    """A character set or collation. Raises CommandError for anything but a word."""
    if not value.replace('_', '').isalnum() or not value.isascii():
        raise CommandError(f'{value!r} is not the name of a character set or collation')
    return value


def _plain(value: str) -> str:
    """An init-file has one statement a line, and nobody's name has control characters."""
    if not value or any(ord(c) < 32 or ord(c) == 127 for c in value):
        raise CommandError(f'{value!r} is empty or has control characters')
    return value
