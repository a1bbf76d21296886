"""The version document."""

import marshmallow as ma

from dbaas.api import paging


class ApiVersion(ma.Schema):
    id = ma.fields.String()
    status = ma.fields.String()
    updated = ma.fields.String()
    links = paging.links_field()


class ApiVersions(ma.Schema):
    versions = ma.fields.List(ma.fields.Nested(ApiVersion))
