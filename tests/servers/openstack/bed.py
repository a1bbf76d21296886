"""A whole OpenStack on this machine, below one folder: up, down, status."""

import concurrent.futures
import contextlib
import json
import pathlib
import shutil
import time
from typing import Any

from dbaas.cli.cluster.mariadb import MariaDB
from tests.servers.openstack import answers, blocks, catalog, lab, leftovers, people, ports, programs, rendering, sql
from tests.servers.openstack.template import restore

START_WITHIN = 300.0  # seconds, of all services together, where others keep the machine busy


class Bed:
    """state: an absolute folder of its own; root is needed for the machines' networks and disks."""

    def __init__(self, state: pathlib.Path):
        self.state = state

    @property
    def ports(self) -> dict[str, int]:
        return ports.kept(self.state)

    @property
    def auth_url(self) -> str:
        return catalog.url('keystone', self.ports[f'{programs.PUBLIC}keystone'])

    @property
    def facts(self) -> dict[str, Any]:
        """See `lab.furnish`."""
        return json.loads((self.state / 'lab.json').read_text())

    def up(self) -> None:
        """Returns when servers can be made. Repeatable: what runs is left as it is."""
        self.state.mkdir(0o755, parents=True, exist_ok=True)
        restore(self.state)
        chosen = self.ports or ports.choose()
        ports.keep(self.state, chosen)
        self._start_database(chosen)
        for name in programs.ALL:
            programs.start(self.state, name, chosen)
        with concurrent.futures.ThreadPoolExecutor(len(programs.ALL)) as pool:
            list(pool.map(self.await_, programs.ALL))
        self._furnish()

    def _start_database(self, chosen: dict[str, int]) -> None:
        server = MariaDB(str(self.state), chosen['sql'], durable=False)
        server.start()
        rendering.render(self.state, chosen, sql.prepare(server))
        with contextlib.closing(sql.connect(server, 'keystone')) as connection:
            catalog.refresh(connection, chosen)

    def await_(self, name: str) -> None:
        """Until that service answers. Raises Unavailable with the last line of its log."""
        process = programs.process(self.state, name)
        process.await_(lambda: answers.service(name, self.ports), START_WITHIN, name)

    def _furnish(self) -> None:
        people.write_clouds(self.state / 'clouds.yaml', self.auth_url)
        admin = people.connect(self.auth_url)
        facts = lab.furnish(admin, str(self.state), blocks.claim(self.state))
        (self.state / 'lab.json').write_text(json.dumps(facts, indent=1))
        deadline = time.monotonic() + START_WITHIN
        while missing := answers.together(admin):
            if time.monotonic() > deadline:
                raise RuntimeError(f'the cloud does not come together: {missing}; see {self.state}/log')
            time.sleep(0.1)

    def restart(self, name: str) -> None:
        """One service, as after a crash: machines run on."""
        programs.process(self.state, name).stop(timeout=5)
        programs.start(self.state, name, self.ports)
        self.await_(name)
        while answers.together(people.connect(self.auth_url)):
            time.sleep(0.1)

    def status(self) -> dict[str, bool]:
        """Service -> whether it runs and answers."""
        return answers.running(self.state, self.ports) if self.ports else {}

    def down(self) -> None:
        """Nothing of it runs any more; its data stay, its machines do not. Repeatable."""
        with concurrent.futures.ThreadPoolExecutor(len(programs.ALL)) as pool:
            list(pool.map(self._stop, programs.ALL))
        MariaDB(str(self.state), 0).stop()
        leftovers.wipe(self.state)

    def _stop(self, name: str) -> None:
        programs.process(self.state, name).stop(timeout=5)

    def wipe(self) -> None:
        """`down`, and the folder is gone."""
        self.down()
        blocks.release(self.state)
        shutil.rmtree(self.state, ignore_errors=True)
