"""dbaas-manage identity: who may call, where there is no Keystone. Passwords come from a prompt or standard input."""

import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click

from dbaas.cli import output
from dbaas.cli.manage.deployment import Deployment, ManageError, explained, pass_deployment
from dbaas.cli.text import Table


@click.group()
def identity() -> None:
    """Show and change the token file: users, their projects and roles, and their passwords.

    The API reads it again at once. Commands that change it write it anew; comments in it are lost.
    """


@identity.command('list')
@pass_deployment
@explained
def list_(deployment: Deployment) -> None:
    """List users and projects; tokens and passwords are never shown.

    \b
    Example:
      dbaas-manage --state var identity list
    """
    from dbaas.services import identity_file

    try:
        found = identity_file.read(deployment.token_file)
    except (OSError, ValueError) as error:
        raise ManageError(f'{deployment.token_file}: {error}') from error
    rows = [
        {
            'user': one.user_name,
            'user_id': one.user_id,
            'project': one.project_name,
            'project_id': one.project_id,
            'roles': list(one.roles),
            'password': any(other.password_hash for other in found if other.user_id == one.user_id),
        }
        for one in found
    ]
    cells = [
        (r['user'], r['project'], r['project_id'], ', '.join(one.roles), 'yes' if r['password'] else 'no')
        for r, one in zip(rows, found, strict=True)
    ]
    output.emit(deployment.format, rows, lambda: [Table(('USER', 'PROJECT', 'PROJECT ID', 'ROLES', 'PASSWORD'), cells)])


@identity.command()
@click.argument('user')
@click.option('--project', required=True, metavar='NAME', help='A project; one that is not there yet is made.')
@click.option('--role', 'roles', multiple=True, metavar='ROLE', help='Repeatable.  [default: member]')
@click.option('--no-password', is_flag=True, help='Let the user call by token only.')
@pass_deployment
@explained
def add(deployment: Deployment, user: str, project: str, roles: tuple[str, ...], no_password: bool) -> None:
    """Give USER a place in a project, with a static token of its own, which stands in the file only.

    A new user gets a password, asked for or read from standard input; one who is there keeps his.

    \b
    Examples:
      dbaas-manage --state var identity add ann --project shop
      dbaas-manage --state var identity add bot --project shop --role member --role reader --no-password
    """
    from dbaas.cli.embedded import identities

    with _editing(deployment) as entries:
        if any((one['user_name'], one['project_name']) == (user, project) for one in entries):
            raise ManageError(
                f'user {user} is in project {project} already: edit {deployment.token_file} for his roles'
            )
        ids = {one['project_name']: one['project_id'] for one in entries}
        there = {'project_id': ids.get(project, uuid.uuid4().hex), 'project_name': project}
        made = identities.new_person(user, list(roles or ['member']), there)
        known = next((one for one in entries if one['user_name'] == user), None)
        if known is not None:
            made['user_id'] = known['user_id']
        elif not no_password:
            made['password_hash'] = _password()
        entries.append(made)
    output.write(
        f'user {user} is in project {project} ({there["project_id"]}); the token is in {deployment.token_file}'
    )


@identity.command()
@click.argument('user')
@pass_deployment
@explained
def passwd(deployment: Deployment, user: str) -> None:
    """Set the password of USER, asked for or read from standard input. Tokens given for the old one end at once.

    \b
    Examples:
      dbaas-manage --state var identity passwd ann
      dbaas-manage --state var identity passwd ann < password.txt
    """
    with _editing(deployment) as entries:
        mine = [one for one in entries if one['user_name'] == user]
        if not mine:
            raise ManageError(f'there is no user {user} in {deployment.token_file}')
        for one in mine:
            one.pop('password_hash', None)
        mine[0]['password_hash'] = _password()
    output.write(f'the password of {user} is set')


@identity.command()
@click.argument('user')
@click.option('--project', metavar='NAME', help='Only from this project.')
@pass_deployment
@explained
def remove(deployment: Deployment, user: str, project: str | None) -> None:
    """Take USER away, or his place in one project: token, password and what was given for them end at once.

    What the project owns stays.

    \b
    Example:
      dbaas-manage --state var identity remove ann --project shop
    """
    with _editing(deployment) as entries:
        going = [one for one in entries if one['user_name'] == user and project in (None, one['project_name'])]
        if not going:
            raise ManageError(f'there is no user {user}{f" in project {project}" if project else ""}')
        staying = [one for one in entries if one not in going]
        kept = next((one['password_hash'] for one in going if one.get('password_hash')), None)
        for one in staying:
            if one['user_name'] == user and kept:
                one['password_hash'] = kept  # it is the user's, whichever entry holds it
                break
        entries[:] = staying
    output.write(f'user {user} is gone{f" from project {project}" if project else ""}')


@contextmanager
def _editing(deployment: Deployment) -> Iterator[list[dict[str, Any]]]:
    """Raises ManageError when the file cannot be used, or could not with the change."""
    from dbaas.services import identity_file

    try:
        with identity_file.editing(deployment.token_file) as entries:
            yield entries
    except (OSError, ValueError) as error:
        raise ManageError(f'{deployment.token_file}: {error}') from error


def _password() -> str:
    """Its hash. At a terminal it is asked for twice; else it is the first line of standard input."""
    from dbaas.services import passwords

    if sys.stdin.isatty():
        return passwords.hashed(click.prompt('Password', hide_input=True, confirmation_prompt=True, err=True))
    return passwords.hashed(sys.stdin.readline().rstrip('\r\n'))
