"""Limits on the wire."""

import marshmallow as ma


class AbsoluteLimits(ma.Schema):
    """Negative: none."""

    verb = ma.fields.String()
    max_instances = ma.fields.Integer()
    max_ram = ma.fields.Integer(metadata={'description': 'MiB'})
    max_volumes = ma.fields.Integer(metadata={'description': 'GiB'})
    max_backups = ma.fields.Integer()


class Limits(ma.Schema):
    limits = ma.fields.List(ma.fields.Nested(AbsoluteLimits))
