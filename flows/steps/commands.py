"""Orders to a guest: submitted by one step, awaited by a wait step after it."""

from collections.abc import Mapping
from typing import Any

from dbaas.exceptions import GuestUnreachable
from flows.base import CommandFailed, Step, Wait
from guestagent.contract import states
from guestagent.contract.commands import Outcome


class Submit(Step):
    """Base of the steps that send one command; their result is its id, which the wait step looks for."""

    def submit(self, run: Any, guest: Any, verb: str, args: dict[str, Any]) -> str:
        """Send `verb`; a repeated send has the same id, and the guest's ledger answers its first result."""
        command = run.command(self.name, verb, args)
        guest.submit(run.instance_id, command)
        return command.id

    def submit_when_there(self, run: Any, guest: Any, verb: str, args: dict[str, Any]) -> str:
        """The same; while guest or broker are away it waits, until the deadline."""
        try:
            return self.submit(run, guest, verb, args)
        except GuestUnreachable as error:
            self.park(run, [f'guest:{run.instance_id}'], str(error))


def outcome_of(run: Any, guest: Any, command_id: str) -> Outcome:
    """What became of it: the kept report, else what the guest says (a lost report is found by asking)."""
    report = run.report(command_id)
    if report is not None:
        return report
    try:
        return guest.ask(run.instance_id, command_id)
    except GuestUnreachable:
        return Outcome(command_id, states.RUNNING)  # it may run: look again, until the deadline


class WaitForCommands(Wait):
    """Base of the steps that await commands, given as {name of the step that sent it: command id}."""

    def settle(self, run: Any, guest: Any, commands: Mapping[str, str | None], what: str) -> None:
        """Return when all succeeded. Parks while one runs, so that a failure names every step that failed."""
        sent = {step: command for step, command in commands.items() if command}  # a skipped step sent none
        outcomes = {step: outcome_of(run, guest, command) for step, command in sent.items()}
        running = [o.command for o in outcomes.values() if o.state == states.RUNNING]
        failed = {step: o for step, o in outcomes.items() if o.state in (states.FAILED, states.UNKNOWN)}
        if running and not (failed and self.overdue(run)):
            self.park(run, running, what)
        if failed:
            raise CommandFailed(failed, '; '.join(f'{step}: {reason(o)}' for step, o in failed.items()))


def reason(outcome: Outcome) -> str:
    if outcome.state == states.UNKNOWN:
        return 'the guest does not know the command'
    return outcome.error or 'the guest gave no reason'
