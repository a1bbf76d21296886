"""The sweep for users of the message broker whose instance is gone: made by a call that came too late."""

import logging

from dbaas.db import sweeping
from dbaas.db.session import Database
from dbaas.exceptions import DbaasError
from dbaas.guest.accounts import Accounts

LOG = logging.getLogger(__name__)


class AccountSweep:
    """Called by the reconciler now and then; a broker that is away is asked again by the next sweep."""

    def __init__(self, db: Database, accounts: Accounts):
        self._db, self._accounts = db, accounts

    def __call__(self) -> None:
        try:
            for instance_id in self._accounts.owners():
                with self._db.read() as c:
                    gone = sweeping.is_gone(c, instance_id)
                if gone:
                    LOG.warning('Instance %s is gone; its user of the message broker is removed', instance_id)
                    self._accounts.delete(instance_id)
        except DbaasError as error:
            LOG.warning('Users of the message broker cannot be looked through: %s', error)
