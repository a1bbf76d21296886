"""Proxy, account, container and object server of Swift in one process.

Arguments: STATE ETC PROXY ACCOUNT CONTAINER OBJECT. ETC is the folder of their configuration, the rest are ports. Each
ring has one device.
"""

import sys

import eventlet

eventlet.monkey_patch()
# ruff: noqa: E402

import eventlet.wsgi
from swift.common import constraints, storage_policy, utils
from swift.common.http_protocol import SwiftHttpProtocol
from swift.common.ring import RingBuilder
from swift.common.wsgi import loadapp

KINDS = ('account', 'container', 'object')
PART_POWER, REPLICAS, MIN_PART_HOURS = 4, 1, 1


def main() -> None:
    etc, proxy, *servers = sys.argv[2:]
    for kind, port in zip(KINDS, servers, strict=True):
        _ring(int(port), f'{etc}/{kind}.ring.gz')
    utils.set_swift_dir(etc)
    utils.validate_hash_conf()
    constraints.reload_constraints()
    storage_policy.reload_storage_policies()
    pool = eventlet.GreenPool()
    for kind, port in zip((*KINDS, 'proxy'), (*servers, proxy), strict=True):
        pool.spawn_n(_serve, loadapp(f'{etc}/{kind}-server.conf', global_conf={'log_name': kind}), int(port))
    pool.waitall()


def _ring(port: int, path: str) -> None:
    builder = RingBuilder(PART_POWER, REPLICAS, MIN_PART_HOURS)
    device = {'id': 0, 'region': 1, 'zone': 1, 'ip': '127.0.0.1', 'port': port, 'device': 'disk', 'weight': 1.0}
    builder.add_dev({**device, 'meta': ''})
    builder.rebalance()
    builder.get_ring().save(path)


def _serve(application, port: int) -> None:
    with open('/dev/null', 'w') as nothing:
        eventlet.wsgi.server(
            eventlet.listen(('127.0.0.1', port)), application, nothing, protocol=SwiftHttpProtocol,
            custom_pool=eventlet.GreenPool(256), capitalize_response_headers=False,
            url_length_limit=constraints.MAX_REQUEST_LINE, debug=False,
        )  # fmt: skip


if __name__ == '__main__':
    main()
