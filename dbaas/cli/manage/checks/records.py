"""The database's schema, and whether the keys open what is sealed in it."""

import os
from collections.abc import Iterator

from dbaas import exceptions
from dbaas.cli.manage.deployment import Deployment, ManageError
from dbaas.cli.manage.findings import Finding, failed, ok, warning

UPGRADE = 'dbaas-manage db upgrade (`dbaas up` does it too)'


def schema(deployment: Deployment) -> Iterator[Finding]:
    """Reached, and at the version that this program knows."""
    from dbaas.cli.manage import db
    from dbaas.db import failures

    try:
        found = db.versions(deployment)
    except ManageError as error:
        yield warning('database', error.message, UPGRADE)
        return
    except failures.ERRORS as error:
        yield failed('database', failures.reason(error), 'start it, or mend [database] connection')
        return
    if found['schema'] == found['program']:
        yield ok('database', f'schema {found["schema"]}, {deployment.db.engine.url!r}')
    else:
        what = f'schema {found["schema"] or "empty"}, the program needs {found["program"]}'
        yield failed('database', what, UPGRADE)


def keys(deployment: Deployment) -> Iterator[Finding]:
    """The key file can be read, and opens the rows that its current key did not seal."""
    path = deployment.key_file
    if not os.path.exists(path):
        yield warning('keys', f'{path} is not there yet', 'the first start makes it; a lost one: from a backup')
        return
    try:
        ring = deployment.keyring()
    except ManageError as error:
        yield failed('keys', error.message, 'restore it from a backup, readable by its owner only')
        return
    yield _sealed(deployment, ring)


def _sealed(deployment: Deployment, ring: object) -> Finding:
    from dbaas.db import failures, secrets
    from dbaas.services.keyring import Keyring
    from dbaas.services.secrets import Secrets

    assert isinstance(ring, Keyring)
    try:
        with deployment.db.read() as c:
            old = secrets.not_sealed_with(c, ring.current, 1)
        for row in old:
            Secrets(deployment.db, ring).open(row.id)
    except (ManageError, *failures.ERRORS):
        return ok('keys', deployment.key_file)  # the database has a line of its own
    except exceptions.DbaasError as error:
        return failed('keys', str(error), 'restore the key file from a backup')
    if old:
        return warning('keys', 'some secrets are sealed with an old key', 'dbaas-manage secrets rotate --finish')
    return ok('keys', deployment.key_file)
