"""Ours as `dbaas up` runs it: one process, SQLite, the embedded board.

Stock TaskFlow has no board that needs no server: beside it stands its nearest deployment on one machine, SQLite and a
ZooKeeper of its own.
"""

import os
import tempfile

from bench import processes
from bench.ours import WORKERS, Ours
from bench.results import Result
from bench.stock import Stock
from bench.throughput import Bench
from dbaas.cli.cluster.zookeeper import ZooKeeper

AGAINST = 'stock TaskFlow 6.5 (SQL persistence on SQLite, non-blocking conductor, board in a ZooKeeper on this machine)'


def bench() -> list[Result]:
    with tempfile.TemporaryDirectory(dir=os.environ.get('DBAAS_BENCH_DIR')) as folder:
        zookeeper = ZooKeeper(folder, processes.free_port())
        try:
            zookeeper.start()
            return _bench(folder, zookeeper.hosts)
        finally:
            zookeeper.stop()


def _bench(folder: str, hosts: str) -> list[Result]:
    ours = Ours(os.path.join(folder, 'ours'), processes.free_port())
    url = f'sqlite:///{folder}/stock.sqlite'
    stock = Stock(url, hosts)
    try:
        sides = Bench(folder, ours, stock, (url, hosts, str(WORKERS)), embedded=True)
        sides.run()
        return sides.results('embedded', AGAINST, cpu=False, p99=False)
    finally:
        stock.close()
        ours.close()
