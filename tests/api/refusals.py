"""What must be refused without a trace: names that mean something to a shell, SQL or a path; and the check."""

from typing import Any

from tests.api.house import House, fault

UUID = '6b8f4a3e-9f5d-4a8e-9a53-0c1e0f3c5f11'
NASTY = [
    "x'; DROP TABLE instances; --",
    '"; rm -rf / #',
    '$(reboot)',
    '`id`',
    '../../etc/passwd',
    'a/b',
    'a b',
    'semi;colon',
    '%s%n',
    '-rf',
    '.hidden',
    'né',
    '😀',
    'new\nline',
    'nul\0byte',
    'lone\ud800',
    "' OR 1=1 --",
    '<script>',
    '|cat',
    '*',
    '',
]


def refused(house: House, code: int, method: str, path: str, body: Any = None, **options: Any) -> str:
    """The fault's message; nothing may have changed."""
    before = house.content()
    message = fault(house.call(method, path, body, **options), code)
    assert house.content() == before and not house.posted
    return message
