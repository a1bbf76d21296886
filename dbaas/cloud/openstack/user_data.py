"""What a server gets at its first boot: a cloud-init multipart document that holds the facts for the agent.

Whoever may read a server's user data reads the guest's own key; nothing of the control plane's is in it.
"""

import base64
import json
from collections.abc import Mapping, Sequence
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from typing import Any

import yaml

from dbaas.cloud.protocol import Flavor, Port, Volume
from dbaas.exceptions import CloudError

PATH = '/etc/dbaas/agent.json'
LIMIT = 65535  # characters, of Nova
_TYPES = {'#cloud-config': 'cloud-config', '#!': 'x-shellscript', '#cloud-boothook': 'cloud-boothook'}
_MERGE = 'list(append)+dict(no_replace,recurse_list)+str()'  # else a second write_files replaces the first


def facts(given: Mapping[str, Any], volume: Volume, ports: Sequence[Port], flavor: Flavor) -> dict[str, Any]:
    """All that the agent is told: what the step gave, and what it runs on."""
    return {
        **given,
        'volume': {'id': volume.id, 'size': volume.size},
        'address': ports[0].address,
        'flavor': flavor.to_dict(),
    }


def compose(told: Mapping[str, Any], operators_file: str | None) -> str:
    """-> base64, as Nova takes it. Raises CloudError when the operator's part cannot be read or is too large."""
    document = MIMEMultipart()
    content = json.dumps(told, indent=1)
    entry = {'path': PATH, 'owner': 'root:root', 'permissions': '0600', 'content': content}
    _attach(document, 'cloud-config', '#cloud-config\n' + yaml.safe_dump({'write_files': [entry]}))
    if operators_file:
        text = _read(operators_file)
        _attach(document, _type_of(operators_file, text), text)
    encoded = base64.b64encode(document.as_bytes()).decode()
    if len(encoded) > LIMIT:
        raise CloudError(f'The user data is {len(encoded)} characters, Nova takes {LIMIT}; shorten {operators_file}')
    return encoded


def _attach(document: MIMEMultipart, type: str, text: str) -> None:
    part = MIMEText(text, type, 'utf-8')
    part.add_header('Merge-Type', _MERGE)
    document.attach(part)


def _read(path: str) -> str:
    try:
        with open(path, encoding='utf-8') as file:
            return file.read()
    except (OSError, ValueError) as error:
        raise CloudError(f'[openstack] user_data_file cannot be read: {error}') from error


def _type_of(path: str, text: str) -> str:
    for start, type in _TYPES.items():
        if text.startswith(start):
            return type
    raise CloudError(f'[openstack] user_data_file {path} starts with none of {", ".join(_TYPES)}: correct it')
