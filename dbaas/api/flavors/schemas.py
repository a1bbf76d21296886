"""Flavors on the wire."""

from typing import Any

import marshmallow as ma

from dbaas.api import paging
from dbaas.cloud import protocol


class Flavor(ma.Schema):
    id = ma.fields.Integer(allow_none=True, metadata={'description': 'null when the id is no number: see str_id'})
    str_id = ma.fields.String()
    name = ma.fields.String()
    ram = ma.fields.Integer(metadata={'description': 'MiB'})
    vcpus = ma.fields.Integer()
    disk = ma.fields.Integer(metadata={'description': 'GiB'})
    ephemeral = ma.fields.Integer(metadata={'description': 'GiB'})
    links = paging.links_field()


class OneFlavor(ma.Schema):
    flavor = ma.fields.Nested(Flavor)


class Flavors(ma.Schema):
    flavors = ma.fields.List(ma.fields.Nested(Flavor))


def view(flavor: protocol.Flavor) -> dict[str, Any]:
    is_number = flavor.id.isascii() and flavor.id.isdigit()
    return {
        **flavor.to_dict(),
        'id': int(flavor.id) if is_number else None,
        'str_id': flavor.id,
        'links': paging.resource_links(f'/flavors/{flavor.id}'),
    }


def listing(cloud: protocol.Questions) -> dict[str, Any]:
    """Not paginated, as Trove's."""
    return {'flavors': [view(flavor) for flavor in cloud.flavors()]}
