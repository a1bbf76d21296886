"""Quotas on the wire."""

from typing import Any

import marshmallow as ma

from dbaas.services.quotas import HIGHEST, RESOURCES


class QuotaLimit(ma.fields.Integer):
    """A whole number; -1: none."""

    def __init__(self, **kwargs: Any):
        super().__init__(strict=True, validate=ma.validate.Range(-1, HIGHEST), **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> int:
        if not isinstance(value, int) or isinstance(value, bool):
            raise self.make_error('invalid', input=value)
        return value


class Usage(ma.Schema):
    resource = ma.fields.String()
    in_use = ma.fields.Integer(metadata={'description': 'what instances and backups hold, from their request on'})
    reserved = ma.fields.Integer(metadata={'description': 'always 0: what is asked for is in use at once'})
    limit = ma.fields.Integer(metadata={'description': '-1: none'})


class Usages(ma.Schema):
    quotas = ma.fields.List(ma.fields.Nested(Usage))


class QuotaLimits(ma.Schema):
    quotas = ma.fields.Dict(
        keys=ma.fields.String(metadata={'description': f'one of {", ".join(RESOURCES)}; another one is 404'}),
        values=QuotaLimit(),
        required=True,
    )
