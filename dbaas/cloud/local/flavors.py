"""Flavors of the local cloud, from a YAML list."""

import os

import yaml

from dbaas.cloud.protocol import Flavor
from dbaas.exceptions import CloudError

DEFAULT = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'flavors.yaml')


def read(path: str | None = None) -> list[Flavor]:
    """Smallest first. Raises CloudError naming the file and what is wrong in it."""
    path = path or DEFAULT
    try:
        with open(path) as text:
            flavors = [Flavor(**row | {'id': str(row['id'])}) for row in yaml.safe_load(text)]
    except OSError as error:
        raise CloudError(f'cannot read the flavors in {path}: {error.strerror}') from error
    except (yaml.YAMLError, TypeError, KeyError) as error:
        raise CloudError(f'{path} is no list of {{id, name, ram, vcpus, disk}}: {error}') from error
    if not flavors or len({f.id for f in flavors}) < len(flavors):
        raise CloudError(f'{path} needs at least one flavor, and an id of its own for each')
    return sorted(flavors, key=lambda f: (f.ram, f.vcpus))
