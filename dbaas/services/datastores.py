"""Datastores: registering them, finding one and its version by name or id, deleting an empty one."""

import dataclasses
import uuid
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import sqlalchemy as sa

from dbaas import exceptions
from dbaas.context import RequestContext
from dbaas.db import datastores

PROCESS, CONTAINER = 'process', 'container'


@dataclasses.dataclass(frozen=True)
class Choice:
    """A datastore and one of its versions."""

    datastore: Any
    version: Any


def listing(c: sa.Connection, ctx: RequestContext) -> list[tuple[Any, list[Any]]]:
    """Every datastore with its versions; inactive ones are for administrators."""
    versions = _visible(datastores.versions(c), ctx)
    return [(row, [v for v in versions if v.datastore_id == row.id]) for row in datastores.all(c)]


def get(c: sa.Connection, name_or_id: str) -> Any:
    """Raises NotFound."""
    found = datastores.get(c, name_or_id)
    if found is None:
        raise exceptions.NotFound(f'Datastore {name_or_id} cannot be found.')
    return found


def versions(c: sa.Connection, ctx: RequestContext, name_or_id: str) -> tuple[Any, list[Any]]:
    """A datastore with its versions. Raises NotFound."""
    datastore = get(c, name_or_id)
    return datastore, _visible(datastores.versions(c, datastore.id), ctx)


def version(c: sa.Connection, ctx: RequestContext, name_or_id: str, version: str) -> Any:
    """Raises NotFound for the datastore, BadRequest for the version, as Trove does."""
    return _pick(versions(c, ctx, name_or_id)[1], version, None)


def version_by_id(c: sa.Connection, ctx: RequestContext, version_id: str) -> Any:
    """Raises BadRequest."""
    found = datastores.version(c, version_id)
    if found is None or not _visible([found], ctx):
        raise _no_version(version_id)
    return found


def choose(c: sa.Connection, wanted: Mapping[str, str]) -> Choice:
    """wanted: {type?, version?, version_number?}; omitted: the default. Raises NotFound, BadRequest."""
    datastore = get(c, wanted['type']) if 'type' in wanted else _only(c)
    active = [v for v in datastores.versions(c, datastore.id) if v.active]
    name, number = wanted.get('version'), wanted.get('version_number')
    if name is None and number is None:
        if datastore.default_version_id is None:
            raise exceptions.BadRequest(f'Datastore {datastore.name} has no default version: name one.')
        name = datastore.default_version_id
    return Choice(datastore, _pick(active, name, number))


def delete(c: sa.Connection, name_or_id: str) -> None:
    """Raises NotFound, BadRequest while it has versions."""
    datastore = get(c, name_or_id)
    if datastores.versions(c, datastore.id):
        raise exceptions.BadRequest(f'Datastore {datastore.name} still has versions.')
    datastores.delete(c, datastore.id)


def runtime(version: Any) -> dict[str, Any]:
    """What runs a version's server: {'kind': 'process'} or {'kind': 'container', 'image', 'archive'}."""
    if version.runtime == CONTAINER:
        return {'kind': CONTAINER, 'image': version.container_image, 'archive': version.container_archive}
    return {'kind': version.runtime}


def set_runtime(
    c: sa.Connection, name_or_id: str, version: str, kind: str, image: str | None = None, archive: str | None = None
) -> None:
    """For instances that are created from now on. Raises NotFound, BadRequest."""
    owner = get(c, name_or_id)
    found = _pick(datastores.versions(c, owner.id), version, None)
    datastores.update_version(c, found.id, **_runtime(kind, image, archive))


def set_image(c: sa.Connection, name_or_id: str, version: str | None, image: str) -> Any:
    """What the machines of a version's new instances boot from -> the version. version: None: the default one.

    Raises NotFound, BadRequest.
    """
    owner = get(c, name_or_id)
    wanted = version or owner.default_version_id
    if wanted is None:
        raise exceptions.BadRequest(f'Datastore {owner.name} has no default version: name one.')
    found = _pick(datastores.versions(c, owner.id), wanted, None)
    datastores.update_version(c, found.id, image=image)
    return found


def register(
    c: sa.Connection, name: str, manager: str, numbers: Sequence[str], default: str | None = None,
    runtimes: Mapping[str, Mapping[str, Any]] = MappingProxyType({}),
) -> None:  # fmt: skip
    """Make a datastore and its versions, named by their numbers, as far as missing.

    default: a number; runtimes: number -> {kind, image?, archive?}, those left out run as processes.
    Raises BadRequest.
    """
    if datastores.get(c, name) is None:
        datastores.insert(c, id=str(uuid.uuid4()), name=name)
    datastore = get(c, name)
    known = {row.version: row.id for row in datastores.versions(c, datastore.id)}
    for number in numbers:
        if number not in known:
            known[number] = str(uuid.uuid4())
            datastores.insert_version(
                c, id=known[number], datastore_id=datastore.id, name=number, version=number, manager=manager,
                active=True, image_tags=[], packages='', **_runtime(**runtimes.get(number, {'kind': PROCESS})),
            )  # fmt: skip
    if default is not None and datastore.default_version_id is None:
        datastores.set_default(c, datastore.id, known[default])


def _runtime(kind: str, image: str | None = None, archive: str | None = None) -> dict[str, Any]:
    """The columns of a version."""
    if kind not in (PROCESS, CONTAINER):
        raise exceptions.BadRequest(f'Runtime {kind} is unknown: give {PROCESS} or {CONTAINER}.')
    if (kind == CONTAINER) != bool(image):
        raise exceptions.BadRequest('The runtime container, and no other, takes the reference of a container image.')
    if archive and kind != CONTAINER:
        raise exceptions.BadRequest('Only the runtime container takes an archive.')
    return {'runtime': kind, 'container_image': image, 'container_archive': archive}


def _visible(found: Sequence[Any], ctx: RequestContext) -> list[Any]:
    return [row for row in found if row.active or ctx.is_admin]


def _only(c: sa.Connection) -> Any:
    """The datastore of a request that names none."""
    found = datastores.all(c)
    if len(found) != 1:
        raise exceptions.BadRequest('Name a datastore: there is no default one.')
    return found[0]


def _pick(found: Sequence[Any], wanted: str | None, number: str | None) -> Any:
    """By id or name, and by number when several share a name."""
    fits = [row for row in found if wanted is None or wanted in (row.id, row.name)]
    fits = [row for row in fits if number is None or row.version == number]
    if len(fits) > 1:
        raise exceptions.BadRequest(f'Several versions are called {wanted}: give version_number or an id.')
    if not fits:
        raise _no_version(wanted or number)
    return fits[0]


def _no_version(wanted: str | None) -> exceptions.BadRequest:
    return exceptions.BadRequest(f'Datastore version {wanted} cannot be found.')
