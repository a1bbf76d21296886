"""Operations in numbers on the wire. Durations are seconds."""

import marshmallow as ma

from dbaas.api import fields
from dbaas.api.operations import schemas


class StatsQuery(ma.Schema):
    type = ma.fields.String(metadata={'description': 'only this type; default: all that this program knows'})
    days = fields.Whole(1, 3650, load_default=30, metadata={'description': 'only operations accepted since'})
    samples = fields.Whole(
        1, 10_000, load_default=500, metadata={'description': 'the newest so many operations of each type'}
    )


class SummaryQuery(ma.Schema):
    window = fields.Whole(1, 86_400, load_default=300, metadata={'description': 'seconds that rates are taken over'})
    limit = fields.Whole(0, 1000, load_default=20, metadata={'description': 'most operations to name'})


class Stat(ma.Schema):
    """How long a step took, or with step null a whole operation, in seconds."""

    type = ma.fields.String()
    step = ma.fields.String(allow_none=True)
    undo = ma.fields.Boolean()
    count = ma.fields.Integer(metadata={'description': 'successes'})
    failures = ma.fields.Integer()
    p50 = ma.fields.Float(allow_none=True)
    p95 = ma.fields.Float(allow_none=True)
    longest = ma.fields.Float(allow_none=True)


class Stats(ma.Schema):
    stats = ma.fields.List(ma.fields.Nested(Stat))


class StateCount(ma.Schema):
    count = ma.fields.Integer()
    since = ma.fields.String(metadata={'description': 'of the one that has not moved for longest'})


class Conductor(ma.Schema):
    name = ma.fields.String()
    running = ma.fields.Integer()
    beat = ma.fields.String(metadata={'description': 'its oldest sign of life'})


class Rates(ma.Schema):
    """Per minute."""

    window = ma.fields.Float(metadata={'description': 'seconds'})
    accepted = ma.fields.Float()
    ended = ma.fields.Dict(keys=ma.fields.String(), values=ma.fields.Float())


class Now(ma.Schema):
    at = ma.fields.String()
    states = ma.fields.Dict(keys=ma.fields.String(), values=ma.fields.Nested(StateCount))
    conductors = ma.fields.List(ma.fields.Nested(Conductor), metadata={'description': 'that run something'})
    rates = ma.fields.Nested(Rates)
    operations = ma.fields.List(
        ma.fields.Nested(schemas.Summary), metadata={'description': 'not ended, the oldest first'}
    )


class OneNow(ma.Schema):
    summary = ma.fields.Nested(Now)
