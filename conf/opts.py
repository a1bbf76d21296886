"""All groups and their options; `list_opts` is what oslo-config-generator calls."""

from collections.abc import Sequence

from oslo_config import cfg

from conf import (
    api,
    board,
    cloud,
    conductor,
    container,
    database,
    default,
    flows,
    guest,
    identity,
    local,
    mariadb,
    messaging,
    metrics,
    openstack,
    quota,
    secrets,
    simulated,
)

MODULES = (
    default, api, identity, database, messaging, board, conductor, flows, guest, cloud, local, simulated, openstack,
    mariadb, container, quota, secrets, metrics,
)  # fmt: skip
GROUPS: tuple[tuple[str, Sequence[cfg.Opt]], ...] = tuple((m.GROUP, m.OPTIONS) for m in MODULES)


def list_opts() -> list[tuple[str, Sequence[cfg.Opt]]]:
    return list(GROUPS)
