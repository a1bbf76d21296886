"""Operations on the wire. Times are 'YYYY-MM-DDTHH:MM:SS.mmm' in UTC or null, durations are seconds."""

import json
import math
from typing import Any

import marshmallow as ma

from dbaas.api import fields, paging
from dbaas.db import words

LONGEST_WAIT = 7 * 24 * 3600  # seconds
RESULT_LIMIT = 16 * 1024  # characters of JSON: a step's result is small


# -- requests --------------------------------------------------------------------------------------------------------
class Filters(paging.Page):
    state = ma.fields.String(validate=ma.validate.OneOf(words.ALL))
    type = ma.fields.String(metadata={'description': 'instance.create'})
    instance = ma.fields.String(metadata={'description': "an instance's id"})
    since = fields.Moment(metadata={'description': 'accepted at or after this ISO time'})
    project_id = ma.fields.String(metadata={'description': 'another project: for administrators'})


class Order(ma.Schema):
    reason = fields.Text(required=True, longest=1000, metadata={'description': 'why; it is kept with the operation'})


class SkipOrder(Order):
    step = fields.Text(required=True, longest=128)
    output = ma.fields.Raw(allow_none=True, load_default=None, metadata={'description': "the step's result"})

    @ma.validates('output')
    def _small(self, output: Any, **_: Any) -> None:
        if len(json.dumps(output)) > RESULT_LIMIT:
            raise ma.ValidationError(f'Longer than {RESULT_LIMIT} characters.')


class Seconds(ma.fields.Float):
    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            raise self.make_error('invalid', input=value)
        if not 0 <= value <= LONGEST_WAIT:
            raise ma.ValidationError(f'Must be from 0 to {LONGEST_WAIT}.')
        return value


class WaitInputs(ma.Schema):
    seconds = Seconds(required=True)


class Start(ma.Schema):
    """The only operation that is started this way."""

    type = ma.fields.String(required=True, validate=ma.validate.Equal('demo.wait'))
    inputs = ma.fields.Nested(WaitInputs, required=True)


class PlanRequest(ma.Schema):
    """The request that is to be planned; path begins with '/v1.0/' or after the project."""

    method = ma.fields.String(required=True, validate=ma.validate.OneOf(['POST', 'PUT', 'PATCH', 'DELETE']))
    path = fields.Text(required=True, longest=2000, validate=ma.validate.Regexp('/'))
    body = ma.fields.Raw(allow_none=True, load_default=None)


# -- answers ---------------------------------------------------------------------------------------------------------
class Summary(ma.Schema):
    id = ma.fields.String()
    type = ma.fields.String()
    version = ma.fields.Integer()
    state = ma.fields.String()
    undo = ma.fields.Boolean()
    step = ma.fields.String(allow_none=True)
    reason = ma.fields.String(allow_none=True)
    instance_id = ma.fields.String(allow_none=True)
    project_id = ma.fields.String()
    user_id = ma.fields.String()
    request_id = ma.fields.String(allow_none=True)
    parent_id = ma.fields.String(allow_none=True)
    conductor = ma.fields.String(allow_none=True)
    created = ma.fields.String()
    updated = ma.fields.String()
    started = ma.fields.String(allow_none=True)
    finished = ma.fields.String(allow_none=True)
    duration = ma.fields.Float(allow_none=True)
    links = paging.links_field()


class Place(ma.Schema):
    """Where a step stands in the graph and what it means."""

    name = ma.fields.String()
    effect = ma.fields.String(allow_none=True)
    irreversible = ma.fields.String(allow_none=True, metadata={'description': 'why it cannot be undone'})
    disrupts = ma.fields.Boolean(metadata={'description': 'takes service away'})
    restores = ma.fields.Boolean(metadata={'description': 'gives it back'})
    depth = ma.fields.Integer()
    group = ma.fields.String(metadata={'description': 'the name of its block'})
    after = ma.fields.List(ma.fields.String())


class Step(Place):
    state = ma.fields.String()
    attempt = ma.fields.Integer()
    started = ma.fields.String(allow_none=True)
    finished = ma.fields.String(allow_none=True)
    duration = ma.fields.Float(allow_none=True)
    conductor = ma.fields.String(allow_none=True)
    error = ma.fields.String(allow_none=True)
    attested_by = ma.fields.String(allow_none=True)


class Wait(ma.Schema):
    step = ma.fields.String()
    key = ma.fields.String()
    since = ma.fields.String()
    wake_at = ma.fields.String(allow_none=True)
    deadline = ma.fields.String(allow_none=True)


class Request(ma.Schema):
    verb = ma.fields.String()
    actor = ma.fields.String()
    reason = ma.fields.String(allow_none=True)
    state = ma.fields.String(metadata={'description': 'new, applied or refused'})
    answer = ma.fields.String(allow_none=True)
    at = ma.fields.String()


class Operation(Summary):
    steps = ma.fields.List(ma.fields.Nested(Step))
    waits = ma.fields.List(ma.fields.Nested(Wait))
    requests = ma.fields.List(ma.fields.Nested(Request))


class OneOperation(ma.Schema):
    operation = ma.fields.Nested(Operation)


class Operations(ma.Schema):
    operations = ma.fields.List(ma.fields.Nested(Summary))
    links = paging.links_field()
    operations_links = paging.links_field()


class Event(ma.Schema):
    seq = ma.fields.Integer()
    kind = ma.fields.String()
    at = ma.fields.String()
    step = ma.fields.String(allow_none=True)
    started = ma.fields.String(allow_none=True)
    conductor = ma.fields.String(allow_none=True)
    epoch = ma.fields.Integer(allow_none=True)
    attempt = ma.fields.Integer(allow_none=True)
    actor = ma.fields.String(allow_none=True)
    before = ma.fields.String(allow_none=True, metadata={'description': "the operation's state before; verbs, changes"})
    after = ma.fields.String(allow_none=True)
    reason = ma.fields.String(allow_none=True)
    error = ma.fields.String(allow_none=True)


class Events(ma.Schema):
    events = ma.fields.List(ma.fields.Nested(Event))


class Waiting(ma.Schema):
    key = ma.fields.String()
    what = ma.fields.String(metadata={'description': 'in words'})
    step = ma.fields.String()
    since = ma.fields.String()
    looks_again = ma.fields.String(allow_none=True)
    deadline = ma.fields.String(allow_none=True)


class Pace(ma.Schema):
    """The step it is at, beside history."""

    step = ma.fields.String()
    started = ma.fields.String()
    ran = ma.fields.Float(metadata={'description': 'seconds so far'})
    deadline = ma.fields.String(allow_none=True, metadata={'description': 'when the step is given up'})
    count = ma.fields.Integer(metadata={'description': 'how many times it was done before'})
    p50 = ma.fields.Float(allow_none=True)
    p95 = ma.fields.Float(allow_none=True)
    slower = ma.fields.Boolean(metadata={'description': 'longer than the p95'})


class LastError(ma.Schema):
    step = ma.fields.String(allow_none=True)
    at = ma.fields.String()
    attempt = ma.fields.Integer(allow_none=True)
    error = ma.fields.String()


class Lock(ma.Schema):
    operation = ma.fields.String()
    type = ma.fields.String()
    state = ma.fields.String()


class Asked(ma.Schema):
    """A verb that takes effect at the next step boundary."""

    verb = ma.fields.String()
    actor = ma.fields.String()
    reason = ma.fields.String(allow_none=True)
    at = ma.fields.String()


class Why(ma.Schema):
    summary = ma.fields.String()
    state = ma.fields.String()
    step = ma.fields.String(allow_none=True)
    since = ma.fields.String()
    waiting_on = ma.fields.List(ma.fields.Nested(Waiting))
    pace = ma.fields.Nested(Pace, allow_none=True)
    last_error = ma.fields.Nested(LastError, allow_none=True)
    lock = ma.fields.Nested(Lock, allow_none=True, metadata={'description': 'whose turn comes first'})
    behind = ma.fields.List(ma.fields.Nested(Lock), metadata={'description': 'those that wait for this one'})
    conductor = ma.fields.String(allow_none=True)
    beat = ma.fields.String(allow_none=True, metadata={'description': "the conductor's last sign of life"})
    requests = ma.fields.List(ma.fields.Nested(Asked))
    advice = ma.fields.List(ma.fields.String())


class OneWhy(ma.Schema):
    why = ma.fields.Nested(Why)


class PlannedStep(Place):
    undo = ma.fields.String(allow_none=True)
    expected = ma.fields.Float(allow_none=True, metadata={'description': 'seconds: the p50 of history'})
    slow = ma.fields.Float(allow_none=True, metadata={'description': 'seconds: the p95 of history'})


class QuotaEffect(ma.Schema):
    adds = ma.fields.Integer()
    used = ma.fields.Integer()
    limit = ma.fields.Integer()


class Plan(ma.Schema):
    type = ma.fields.String()
    version = ma.fields.Integer()
    state = ma.fields.String()
    policy = ma.fields.String(metadata={'description': 'what a failed step does: hold or abort'})
    steps = ma.fields.List(ma.fields.Nested(PlannedStep))
    point_of_no_return = ma.fields.String(allow_none=True, metadata={'description': 'the first irreversible step'})
    quota = ma.fields.Dict(keys=ma.fields.String(), values=ma.fields.Nested(QuotaEffect))
    expected_duration = ma.fields.Float(allow_none=True, metadata={'description': 'seconds: the sum of the steps'})
    slow_duration = ma.fields.Float(
        allow_none=True, metadata={'description': 'seconds: the p95 of whole operations that were never stopped'}
    )


class OnePlan(ma.Schema):
    plan = ma.fields.Nested(Plan)
