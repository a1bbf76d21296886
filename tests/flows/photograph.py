"""What is on the disk and in the world of a House, kept: a new House can begin with it in no time."""

import copy
import dataclasses
from typing import Any

from dbaas.db.tables import METADATA
from tests.flows.harness import House


@dataclasses.dataclass(frozen=True)
class Photograph:
    """Of a House at rest: nothing is on its board, nothing in memory counts."""

    now: float
    rows: dict[str, list[dict[str, Any]]]
    document: dict[str, Any]
    restless: set[str]
    users: dict[str, str]


def take(house: House) -> Photograph:
    state = house.world.state
    document = copy.deepcopy(state.document)
    return Photograph(house.now, house.rows(), document, set(state.restless), dict(house.users.made))


def put_back(house: House, kept: Photograph) -> None:
    """Into a house that has just been made."""
    house.now = kept.now
    house.users.made.update(kept.users)
    house.disk.wipe()
    house.db.run(
        lambda c: [c.execute(t.insert(), kept.rows[t.name]) for t in METADATA.sorted_tables if kept.rows[t.name]]
    )
    state = house.world.state
    with state.change() as document:
        for part, content in copy.deepcopy(kept.document).items():
            if part == 'resources':
                for id, row in content.items():
                    state.put(part, id, row)
            else:
                document[part] = content
    state.restless = set(kept.restless)
