"""Flavors are the cloud's; here one is found by what a request calls it."""

from dbaas import exceptions
from dbaas.cloud.protocol import Flavor, Questions


def find(cloud: Questions, flavor_id: str) -> Flavor:
    """Raises NotFound."""
    for flavor in cloud.flavors():
        if flavor.id == flavor_id:
            return flavor
    raise exceptions.NotFound(f'Flavor {flavor_id} cannot be found.')
