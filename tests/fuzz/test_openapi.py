"""Whatever fits the OpenAPI document, and whatever does not: answered, as documented. FUZZ_EXAMPLES sets how much.

The same examples each time; FUZZ_SEED chooses others.
"""

import os
import random
import re
import sys
from typing import Any

import hypothesis
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase
from schemathesis import GenerationMode

from tests.api.house import ADMIN, MEMBER
from tests.fuzz.answers import Known, check

EXAMPLES = int(os.environ.get('FUZZ_EXAMPLES', '8'))  # of each operation, mode and caller
SEED = int(os.environ.get('FUZZ_SEED', '0'))
CALLERS = {'admin': ADMIN, 'member': MEMBER, 'nobody': None}
PARTS = 6
METHODS = ('GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS', 'TRACE', 'PROPFIND')

settings = hypothesis.settings(
    max_examples=EXAMPLES, deadline=None, database=None, phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)  # fmt: skip


def operations(known: Known) -> list[Any]:
    schema = schemathesis.openapi.from_wsgi('/openapi.json', known.house.app)
    return [found.ok() for found in schema.get_all_operations()]


def attack(known: Known, operation: Any, mode: GenerationMode, who: dict[str, Any] | None) -> int:
    """How many answers were seen; some operations have nothing that does not fit."""
    seen = 0
    chance = random.Random(SEED)
    token = {'X-Auth-Token': who['token']} if who else {}

    @hypothesis.seed(SEED)
    @settings
    @hypothesis.given(operation.as_strategy(generation_mode=mode))
    def one(case: Any) -> None:
        nonlocal seen
        known.mixed_in(case, chance)
        case.headers = {**{k: v for k, v in (case.headers or {}).items() if k != 'X-Auth-Token'}, **token}
        check(case, case.call())
        seen += 1

    try:
        one()
    except hypothesis.errors.Unsatisfiable:
        assert mode is GenerationMode.NEGATIVE, f'{operation.label}: nothing fits'
    return seen


@pytest.mark.parametrize('part', range(PARTS))
@pytest.mark.parametrize('who', CALLERS)
def test_every_answer_is_documented(known: Known, who: str, part: int) -> None:
    for operation in operations(known)[part::PARTS]:
        fitting = attack(known, operation, GenerationMode.POSITIVE, CALLERS[who])
        assert fitting, operation.label
        attack(known, operation, GenerationMode.NEGATIVE, CALLERS[who])


@pytest.mark.parametrize('who', ['admin', 'member'])
def test_so_is_that_the_cloud_is_away(known: Known, who: str) -> None:
    faults = known.house.world.faults
    for call in ('flavors', 'refusal', 'shortage'):
        faults.plan(call, times=sys.maxsize)
    try:
        for operation in operations(known):
            if re.search('/instances$|/flavors|/plan$', operation.path):
                attack(known, operation, GenerationMode.POSITIVE, CALLERS[who])
        assert known.house.call('GET', '/flavors').status_code == 503
    finally:
        faults.clear()


def test_what_is_documented_is_there_and_all_else_is_404(known: Known) -> None:
    """Every method on every path, with nothing else: none is 405."""
    there: dict[str, set[str]] = {}
    for operation in operations(known):
        there.setdefault(operation.path, set()).add(operation.method.upper())
    client = known.house.app.test_client()
    adapter = known.house.app.url_map.bind('localhost')
    for path, methods in there.items():
        url = path.format(**{name: values[0] for name, values in known.values.items()})
        for method in METHODS:
            code = client.open(url, method=method, headers={'X-Auth-Token': ADMIN['token']}).status_code
            bare = method in (
                'HEAD',
                'OPTIONS',
            )  # Werkzeug has a route for them; Keystone's clients may ask, Trove's not
            fits = path.startswith('/identity') if bare else method in methods or adapter.test(url, method)
            assert code not in (405, 500) if fits else code == 404, f'{method} {url}: {code}'
