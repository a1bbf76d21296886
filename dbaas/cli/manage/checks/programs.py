"""The programs of the database engines, looked up as the agent does."""

from collections.abc import Iterator

from dbaas.cli.manage.deployment import Deployment
from dbaas.cli.manage.findings import Finding, failed, ok

MARIADB = (
    ('server_binary', ('mariadbd',), 'mariadb-server-core'),
    ('install_binary', ('mariadb-install-db',), 'mariadb-server-core'),
)


def datastores(deployment: Deployment) -> Iterator[Finding]:
    from guestagent.contract import programs

    for option, names, package in MARIADB:
        configured = deployment.conf.mariadb[option]
        try:
            found = programs.find(names, configured, package=package, option=f'[mariadb] {option}')
        except programs.ProgramMissing as error:
            what, _, remedy = str(error).partition(': ')
            yield failed('mariadb', what, remedy)
        else:
            yield ok('mariadb', found)
