"""dbaas-manage audit: what differs between the records and the cloud, and operations that mend it."""

import getpass
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import click

from dbaas.cli import output
from dbaas.cli.manage.deployment import FAILED, Deployment, ManageError, explained, pass_deployment
from dbaas.cli.text import Block, Table
from dbaas.exceptions import DbaasError

if TYPE_CHECKING:
    from dbaas.cloud.protocol import Resource
    from dbaas.services.audits import Loss, Report

Words = dict[str, str]

STRANGER = 'its operation is not in these records: another deployment on the same cloud? If not: --strangers'


@click.command()
@click.option('--repair', is_flag=True, help='Start operations that remove orphans and make again what is missing.')
@click.option('--strangers', is_flag=True, help='With --repair: remove strangers, too. No other deployment is here.')
@pass_deployment
@explained
def audit(deployment: Deployment, repair: bool, strangers: bool) -> None:
    """Compare the records with the cloud: what exists and nobody owns, and what an instance has lost.

    Instances on which an operation is under way are left out. With --repair one `cloud.sweep` removes the orphans and
    one `instance.repair` per instance makes again what it has lost; they are operations like all others, and a running
    conductor takes them up. Exit code 0: nothing was found, or all of it is being repaired; 1: something is left.

    Strangers are of operations that are not in the records: of another deployment in the same project of the cloud, or
    younger than records that were restored. Only you know: --strangers has the sweep remove them.

    \b
    Examples:
      dbaas-manage --state var audit
      dbaas-manage --state var -o json audit --repair
    """
    if strangers and not repair:
        raise click.UsageError('--strangers removes something: give --repair, too.')
    parts = _open(deployment)
    from dbaas.services import audits

    report = audits.look(parts.db, parts.cloud)
    started, refused = _repaired(parts, report, report.strangers if strangers else ()) if repair else ({}, {})
    output.say(f'source: {deployment.source}, cloud {parts.cloud.name}')
    rows = _rows(report, started, refused)
    output.emit(deployment.format, rows, lambda: _blocks(rows))
    if any(row['operation'] is None for row in rows):
        raise click.exceptions.Exit(FAILED)


def _open(deployment: Deployment) -> Any:
    """dbaas.deployment.Deployment. Raises ManageError."""
    from conf import messaging

    messaging.prepare()
    from dbaas import deployment as whole

    conf = deployment.conf
    if conf.cloud.driver == 'simulated' and not conf.simulated.url:
        raise ManageError('this simulated cloud is in the memory of another process: nothing can be compared')
    _ = deployment.db  # says what is missing, where there is none
    return whole.open(conf)


def _repaired(parts: Any, report: 'Report', disowned: Sequence['Resource']) -> tuple[Words, Words]:
    """Id of a resource or an instance -> the operation; the same -> why there is none, though it could be repaired."""
    from dbaas.context import RequestContext
    from dbaas.services import repairs

    ctx = RequestContext('', 'dbaas-manage', getpass.getuser(), roles=('admin',))
    started: Words = {}
    refused: Words = {}
    if report.orphans or disowned:
        swept = parts.db.run(lambda c: repairs.sweep(c, parts.operations, ctx, report.orphans, disowned))
        started = {one.id: swept for one in [*report.orphans, *disowned]}
    for loss in report.losses:
        if loss.refused is None:
            try:
                started[loss.instance_id] = parts.db.run(_repairing(repairs.repair, parts.operations, ctx, loss))
            except DbaasError as error:  # somebody works on it meanwhile, say: the others are still repaired
                refused[loss.instance_id] = str(error)
    return started, refused


def _repairing(repair: Callable[..., str], operations: Any, ctx: Any, loss: 'Loss') -> Callable[[Any], str]:
    return lambda c: repair(c, operations, ctx, loss)


def _rows(report: 'Report', started: Words, refused: Words) -> list[dict[str, Any]]:
    """finding: orphan, stranger or loss; operation: what mends it, if one was started."""
    found = [('orphan', one, 'no record owns it') for one in report.orphans]
    found += [('stranger', one, STRANGER) for one in report.strangers]
    rows: list[dict[str, Any]] = [
        {'finding': finding, 'kind': one.kind, 'id': one.id, 'name': one.name, 'instance': one.owner.instance,
         'made_by': one.owner.operation, 'what': [what], 'refused': None, 'operation': started.get(one.id)}
        for finding, one, what in found
    ]  # fmt: skip
    return rows + [
        {'finding': 'loss', 'kind': 'instance', 'id': loss.instance_id, 'name': loss.name,
         'instance': loss.instance_id, 'made_by': None, 'what': list(loss.found),
         'refused': refused.get(loss.instance_id, loss.refused), 'operation': started.get(loss.instance_id)}
        for loss in report.losses
    ]  # fmt: skip


def _blocks(rows: list[dict[str, Any]]) -> list[Block]:
    if not rows:
        return ['records and cloud agree']
    headings = ('FINDING', 'KIND', 'ID', 'NAME', 'INSTANCE', 'WHAT', 'OPERATION')
    cells = [
        (r['finding'], r['kind'], r['id'], r['name'], r['instance'], '; '.join([*r['what'], *_refusal(r)]),
         r['operation'])
        for r in rows
    ]  # fmt: skip
    return [Table(headings, cells, wide=('WHAT',))]


def _refusal(row: dict[str, Any]) -> list[str]:
    return [f'cannot be repaired: {row["refused"]}'] if row['refused'] else []
