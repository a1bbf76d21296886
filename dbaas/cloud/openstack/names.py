"""How our things are called and marked in the cloud: by their exact name they are found, whoever made them."""

import re

from dbaas.cloud.protocol import Owner

_UUID = '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}'
_NAME = re.compile(f'dbaas-({_UUID})-(.+)-({_UUID})-(.*)')


def name_of(owner: Owner, name: str) -> str:
    """All of the owner is in it: some things have nothing but a name, and a name is there from the first moment."""
    return f'dbaas-{owner.instance}-{name}-{owner.operation}-{owner.project}'


def read(name: str | None) -> tuple[Owner, str] | None:
    """The owner and our own word for it; None: it is not ours."""
    found = _NAME.fullmatch(name or '')
    if found is None:
        return None
    instance, word, operation, project = found.groups()
    return Owner(instance, operation, project), word


def marks(owner: Owner, name: str) -> dict[str, str]:
    """Metadata for people and their tools."""
    facts = {'instance': owner.instance, 'operation': owner.operation, 'project': owner.project, 'name': name}
    return {f'dbaas:{key}': value for key, value in facts.items()}


def tags(owner: Owner, name: str) -> list[str]:
    """The same for what has tags; each is shorter than the 60 characters that all releases allow."""
    return [f'{key}={value}' for key, value in marks(owner, name).items()]


def instance_tag(instance: str) -> str:
    return f'dbaas:instance={instance}'
