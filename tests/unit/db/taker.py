"""A process of its own that tries to take quota: `python -m tests.unit.db.taker TRIES`, the URL in $TAKER_URL.

Prints how many tries were accepted.
"""

import os
import sys

from dbaas.db import quotas
from dbaas.db.session import Database
from dbaas.exceptions import OverLimit
from tests.fixtures import new_id


def accepted(db: Database, tries: int) -> int:
    """As a create does it: the project's rows are made by whoever comes first."""
    found = 0
    for _ in range(tries):
        try:
            db.run(_take)
            found += 1
        except OverLimit:
            pass
    return found


def _take(c) -> None:
    quotas.ensure(c, 'project', {'instances': 5, 'ram': -1})
    quotas.take(c, 'project', new_id(), {'instances': 1, 'ram': 512})


if __name__ == '__main__':
    print(accepted(Database(os.environ['TAKER_URL'], durable=False), int(sys.argv[1])))
