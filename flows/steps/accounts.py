"""The guest's user of the message broker. On a transport without a broker there is none, and the plan says so."""

import contextlib
from collections.abc import Iterator
from typing import Any

from dbaas.db import instances
from dbaas.guest.management import Away
from flows.base import Step
from flows.steps.orphans import WHY as NOBODYS
from flows.steps.removal import WHY

NONE = 'nothing: the transport of this deployment has no users'


class AccountStep(Step):
    """Base."""

    @contextlib.contextmanager
    def patience(self, run: Any) -> Iterator[None]:
        """A broker that is away is waited for, until the deadline; one that refuses us is an error."""
        try:
            yield
        except Away as error:
            self.park(run, [f'broker:{run.instance_id or run.operation_id}'], str(error))


class CreateBusAccount(AccountStep):
    """bus_password_id: the secret of its password; None: the transport has no users."""

    effect = "make the guest's user of the message broker, which reads nothing but its own queues"
    undo_effect = 'remove the user with its queues'

    def describe(self, cloud: Any, inputs: dict[str, Any]) -> str:
        return NONE if _absent(inputs, 'bus_password_id') else super().describe(cloud, inputs)

    def execute(self, run: Any, accounts: Any, secrets: Any, bus_password_id: str | None) -> None:
        if bus_password_id is not None:
            run.check()
            with self.patience(run):
                accounts.create(run.instance_id, secrets.open(bus_password_id).decode())

    def revert(self, run: Any, accounts: Any, bus_password_id: str | None, **_: Any) -> None:
        if bus_password_id is not None:
            run.check()
            with self.patience(run):
                accounts.delete(run.instance_id)


class DeleteBusAccount(AccountStep):
    """bus_account: whether the transport has users."""

    effect = "remove the guest's user of the message broker with its queues"
    irreversible = WHY

    def describe(self, cloud: Any, inputs: dict[str, Any]) -> str:
        return NONE if _absent(inputs, 'bus_account') else super().describe(cloud, inputs)

    def execute(self, run: Any, accounts: Any, bus_account: bool) -> None:
        if bus_account:
            run.check()
            with self.patience(run):
                accounts.delete(run.instance_id)


class DeleteDisownedBusAccounts(AccountStep):
    """orphans: what a sweep removes, see flows.steps.orphans. Guests of instances in the records keep theirs."""

    effect = 'remove the users of the message broker whose instances are in no record, if they were disowned'
    irreversible = NOBODYS

    def execute(self, run: Any, accounts: Any, db: Any, orphans: list[dict[str, Any]]) -> None:
        for instance in sorted({one['instance'] for one in orphans if one.get('disowned')}):
            with db.read() as c:
                known = instances.get(c, instance) is not None
            if not known:
                run.check()
                with self.patience(run):
                    accounts.delete(instance)


def _absent(inputs: dict[str, Any], name: str) -> bool:
    """Given, and given as none: a table of the flow alone has no inputs, or words in braces for them."""
    return name in inputs and not inputs[name]


def own_url(accounts: Any, secrets: Any, instance_id: str, bus_password_id: str | None) -> str | None:
    """The transport URL of this guest alone: a secret. None: that of the deployment, which is none."""
    if bus_password_id is None:
        return None
    url: str | None = accounts.url(instance_id, secrets.open(bus_password_id).decode())
    return url
