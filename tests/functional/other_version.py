"""A program of another release, started as its own process: it knows instance.create in a version 2, and not in 1.

python other_version.py dbaas-conductor|dbaas-api …
"""

import sys
from collections.abc import Callable
from typing import Any


def prepare() -> None:
    """Before the programs: messaging first, as they do it themselves."""
    from conf import messaging

    messaging.prepare()
    from flows import registry
    from flows.base import Step
    from flows.instance import create

    class CheckEndpoint(Step):
        effect = 'look at what was published'
        undo_effect = 'nothing: it only looked'

        def execute(self, run: Any) -> None:
            """It only looks."""

        def revert(self, run: Any, **_: Any) -> None:
            """Nothing was made."""

    def build(**inputs: Any) -> Any:
        return create.build(**inputs).add(CheckEndpoint())

    del registry.OPERATIONS['instance.create', 1]
    registry.OPERATIONS['instance.create', 2] = build


def main() -> int:
    program, *arguments = sys.argv[1:]
    import conductor.main
    import dbaas.app

    programs: dict[str, Callable[[Any], int]] = {'dbaas-conductor': conductor.main.main, 'dbaas-api': dbaas.app.main}
    prepare()
    return programs[program](arguments)


if __name__ == '__main__':
    sys.exit(main())
