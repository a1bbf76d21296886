"""dbaas-manage check: what is wrong with this deployment, one line each, with the remedy."""

import dataclasses
from collections.abc import Callable, Iterator

import click

from dbaas.cli import output
from dbaas.cli.manage import findings
from dbaas.cli.manage.deployment import Deployment, ManageError, pass_deployment
from dbaas.cli.manage.findings import Finding

Check = Callable[[Deployment], Iterator[Finding]]


@click.command()
@pass_deployment
def check(deployment: Deployment) -> None:
    """Diagnose a deployment: installation, options, database, keys, identities, and whatever it consists of: RabbitMQ,
    ZooKeeper and conductors, Keystone and the catalogue, units, the API, the services of OpenStack with networks,
    flavors and guest images, clocks; of the local cloud programs, containers, addresses, limits.

    Nothing is changed; what is made to try something out is removed again. A warning means that it works, with
    less. Exit code 0: no check FAILED; 1: one did.

    \b
    Examples:
      dbaas-manage --state var check
      dbaas-manage --state var check -o json | jq '.[] | select(.result != "ok")'
    """
    found = list(run(deployment))
    data = [dataclasses.asdict(finding) for finding in found]
    output.emit(deployment.format, data, lambda: [findings.report(found)])
    if any(finding.result == findings.FAILED for finding in found):
        raise click.exceptions.Exit(1)


def run(deployment: Deployment) -> Iterator[Finding]:
    """Every finding. Where the installation is wrong nothing else is asked: its answers would not be ours."""
    from dbaas.cli.manage.checks import installation

    ours = list(installation.packages())
    yield from ours
    if any(finding.result == findings.FAILED for finding in ours):
        return
    try:
        yield findings.ok('options', f'state directory {deployment.state}')
    except ManageError as error:
        yield findings.failed('options', error.message, 'mend the file named')
        return
    for look in _checks(deployment):
        yield from look(deployment)


def _checks(deployment: Deployment) -> list[Check]:
    from dbaas.cli.manage.checks import files, records, server

    return [
        files.state,
        records.schema,
        server.server,
        records.keys,
        files.modes,
        *_of_identity(deployment),
        *_of_servers(deployment),
        *_of_cloud(deployment),
    ]


def _of_identity(deployment: Deployment) -> list[Check]:
    from dbaas.cli.manage.checks import files, identity

    return [identity.keystone] if deployment.conf.identity.driver == 'keystone' else [files.identities]


def _of_servers(deployment: Deployment) -> list[Check]:
    """The API, and those that only a deployment of several processes has."""
    from conf import messaging
    from dbaas.cli.manage.checks import api, broker, ensemble, units

    found: list[Check] = []
    if messaging.brokered(deployment.conf):
        found += [broker.broker, broker.management]
    if deployment.conf.board.driver == 'zookeeper':
        found += [ensemble.zookeeper, units.units]
    return [*found, api.api]


def _of_cloud(deployment: Deployment) -> list[Check]:
    from dbaas.cli.manage.checks import cloud, containers, local, programs

    kinds: dict[str, list[Check]] = {
        'local': [programs.datastores, containers.containers, local.addresses, local.limits, local.volumes],
        'openstack': [cloud.openstack],
    }
    return kinds.get(deployment.conf.cloud.driver, [])
