"""What a database says when it does not answer, for programs that must not know SQLAlchemy."""

import sqlalchemy as sa

ERRORS = (sa.exc.SQLAlchemyError,)


def reason(error: Exception) -> str:
    """The driver's own words, without statement and parameters."""
    return str(getattr(error, 'orig', None) or error).splitlines()[0]
