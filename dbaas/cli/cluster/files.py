"""Configuration files of a cluster's programs: one for each, whole: the options of its user, then those of its servers.

They hold passwords: 0600.
"""

import os
from collections.abc import Iterable, Mapping
from typing import Any

from oslo_config import cfg

from guestagent.contract import processes

Sections = dict[str, dict[str, list[str]]]


def path_of(state: str, name: str) -> str:
    return os.path.join(state, 'conf', f'{name}.conf')


def given(paths: Iterable[str]) -> Sections:
    """What oslo.config files say, later ones winning. Raises cfg.ConfigFileParseError, or OSError."""
    every: Sections = {}
    for path in paths:
        found: Sections = {}
        try:
            cfg.ConfigParser(os.path.abspath(path), found).parse()
        except cfg.ParseError as error:
            raise cfg.ConfigFileParseError(path, str(error)) from error
        for section, options in found.items():
            every.setdefault(section, {}).update(options)
    return every


def write(path: str, above: Sections, options: Mapping[str, Mapping[str, Any]]) -> bool:
    """`options` ({section: {option: value}}, None: not given) over `above`. -> whether the file has changed."""
    text = _text(above, options)
    try:
        with open(path) as seen:
            if seen.read() == text:
                return False
    except FileNotFoundError:
        os.makedirs(os.path.dirname(path), 0o700, exist_ok=True)
    processes.replace(path, text)
    return True


def _text(above: Sections, options: Mapping[str, Mapping[str, Any]]) -> str:
    lines = ['# Written by `dbaas cluster up` at each start.']
    for section in sorted({*above, *options}):
        own = {name: [_quoted(value)] for name, value in options.get(section, {}).items() if value is not None}
        lines += ['', f'[{section}]']
        for name, values in {**above.get(section, {}), **own}.items():
            lines += [f'{name} = {value}'.replace('\n', '\n    ') for value in values]
    return '\n'.join(lines) + '\n'


def _quoted(value: Any) -> str:
    return str(value).replace('$', '$$')  # a dollar would name another option
