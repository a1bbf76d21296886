"""Datastores and versions on the wire."""

from collections.abc import Sequence
from typing import Any

import marshmallow as ma

from dbaas.api import paging
from dbaas.api.guards import context


class VersionBrief(ma.Schema):
    """active, packages, image and image_tags: for administrators only."""

    id = ma.fields.String()
    name = ma.fields.String()
    version = ma.fields.String(metadata={'description': 'the number'})
    links = paging.links_field()
    active = ma.fields.Integer()
    packages = ma.fields.String()
    image = ma.fields.String(allow_none=True)
    image_tags = ma.fields.List(ma.fields.String())
    registry_ext = ma.fields.String()
    repl_strategy = ma.fields.String()


class Version(VersionBrief):
    datastore = ma.fields.String()


class Datastore(ma.Schema):
    id = ma.fields.String()
    name = ma.fields.String()
    links = paging.links_field()
    versions = ma.fields.List(ma.fields.Nested(VersionBrief))
    default_version = ma.fields.String()


class OneDatastore(ma.Schema):
    datastore = ma.fields.Nested(Datastore)


class Datastores(ma.Schema):
    datastores = ma.fields.List(ma.fields.Nested(Datastore))


class OneVersion(ma.Schema):
    version = ma.fields.Nested(Version)


class Versions(ma.Schema):
    versions = ma.fields.List(ma.fields.Nested(Version))


class VolumeType(ma.Schema):
    id = ma.fields.String()
    name = ma.fields.String()
    is_public = ma.fields.Boolean()
    description = ma.fields.String(allow_none=True)


class VolumeTypes(ma.Schema):
    volume_types = ma.fields.List(ma.fields.Nested(VolumeType))


def version_view(row: Any) -> dict[str, Any]:
    seen = {
        'id': row.id,
        'name': row.name,
        'version': row.version,
        'links': paging.resource_links(f'/datastores/versions/{row.id}'),
        'datastore': row.datastore_id,
    }
    if context().is_admin:
        seen |= {
            'active': int(row.active),
            'packages': row.packages,
            'image': row.image,
            'image_tags': row.image_tags,
            'registry_ext': '',
            'repl_strategy': '',
        }
    return seen


def datastore_view(row: Any, versions: Sequence[Any]) -> dict[str, Any]:
    seen = {
        'id': row.id,
        'name': row.name,
        'links': paging.resource_links(f'/datastores/{row.id}'),
        'versions': [version_view(version) for version in versions],
    }
    if row.default_version_id is not None:
        seen['default_version'] = row.default_version_id
    return seen
