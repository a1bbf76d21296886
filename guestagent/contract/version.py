"""The contract's version: a guest refuses a command whose major version differs from its own."""

MAJOR = 1
MINOR = 0
VERSION = f'{MAJOR}.{MINOR}'


def compatible(version: str) -> bool:
    """Whether a message of `version` ('1.3') can be understood by this code."""
    major, _, minor = version.partition('.')
    return major == str(MAJOR) and minor.isdigit()
