"""What an answer must be, whatever was asked: documented, and no failure of the server's own."""

import dataclasses
import random
from typing import Any

import schemathesis
from schemathesis.checks import CHECKS

from tests.api.house import House

DOCUMENTED_5XX = (501, 503)
# left out: 'unsupported_method' (Trove answers 404, never 405), 'positive_data_acceptance' (a document cannot say that
# a name is reserved or that a flavor exists), and those about many calls
CHECKED = (
    'status_code_conformance', 'content_type_conformance', 'response_headers_conformance',
    'response_schema_conformance', 'negative_data_rejection', 'missing_required_header',
)  # fmt: skip


@dataclasses.dataclass
class Known:
    """values: path parameter -> what exists."""

    house: House
    values: dict[str, list[Any]]

    def mixed_in(self, case: schemathesis.Case, chance: random.Random) -> None:
        """Most paths lead to something that exists: made-up ids would all end at the first 404."""
        for name in case.path_parameters or {}:
            if name in self.values and chance.random() < 0.85:
                case.path_parameters[name] = chance.choice(self.values[name])


def check(case: schemathesis.Case, answer: schemathesis.Response) -> None:
    """Raises AssertionError or schemathesis' own failures, which say how to repeat it."""
    code = answer.status_code
    assert code < 500 or code in DOCUMENTED_5XX, f'{case.method} {case.formatted_path}: {code} {answer.text}'
    documented = case.operation.definition.raw['responses']
    assert str(code) in documented, f'{case.method} {case.formatted_path}: {code} is not documented: {answer.text}'
    assert answer.headers['x-openstack-request-id'][0].startswith('req-')
    case.validate_response(answer, checks=[CHECKS.get_one(name) for name in CHECKED])
