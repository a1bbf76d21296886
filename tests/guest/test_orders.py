"""Orders: what is accepted is done once, whether it comes before the agent works or was left by the last agent."""

from pathlib import Path

from guestagent.contract.commands import Command, Outcome
from guestagent.contract.wire import sealing
from guestagent.ledger import Ledger
from guestagent.orders import Orders
from tests.waiting import until

KEY = b'k' * 32


def command(step: str) -> Command:
    return Command(f'op:{step}:do:1', 'start', 'op', step, 1, 1, {})


class Agent:
    """Orders on a ledger's folder; `executed` and `ended` are the command ids, in their order."""

    def __init__(self, folder: Path):
        self.executed: list[str] = []
        self.ended: list[str] = []
        self.orders = Orders(Ledger(str(folder), KEY), sealing.Seal('instance', KEY), self._execute, self._end)

    def _execute(self, order: Command) -> dict:
        self.executed.append(order.id)
        return {}

    def _end(self, outcome: Outcome) -> None:
        self.ended.append(outcome.command)


def test_command_that_comes_before_the_start_is_done_once(tmp_path: Path) -> None:
    agent = Agent(tmp_path)
    agent.orders.submit(command('early'))
    agent.orders.start()
    agent.orders.submit(command('late'))
    until(lambda: len(agent.ended) >= 2, what='both are done')
    agent.orders.stop(5)
    assert agent.executed == ['op:early:do:1', 'op:late:do:1']


def test_what_the_last_agent_left_comes_first(tmp_path: Path) -> None:
    Agent(tmp_path).orders.submit(command('left'))
    agent = Agent(tmp_path)
    agent.orders.submit(command('new'))
    agent.orders.start()
    until(lambda: len(agent.ended) >= 2, what='both are done')
    agent.orders.stop(5)
    assert agent.executed == agent.ended == ['op:left:do:1', 'op:new:do:1']
