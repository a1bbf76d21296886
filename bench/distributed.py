"""Ours on ZooKeeper and MariaDB beside stock TaskFlow on the same two servers, in separate processes, alternating."""

import os
import tempfile

from bench import processes
from bench.ours import WORKERS, Ours
from bench.parked import parked
from bench.results import Result
from bench.stock import Stock
from bench.throughput import Bench
from dbaas.cli.cluster.mariadb import MariaDB
from dbaas.cli.cluster.zookeeper import ZooKeeper

AGAINST = f'stock TaskFlow 6.5 (SQL persistence, non-blocking conductor, {WORKERS} jobs at once), same servers'


def bench() -> list[Result]:
    with tempfile.TemporaryDirectory(dir=os.environ.get('DBAAS_BENCH_DIR')) as folder:
        zookeeper = ZooKeeper(folder, processes.free_port())
        mariadb = MariaDB(folder, processes.free_port())
        try:
            mariadb.start()
            zookeeper.start()
            return _bench(folder, zookeeper.hosts, mariadb)
        finally:
            zookeeper.stop()
            mariadb.stop()


def _bench(folder: str, hosts: str, mariadb: MariaDB) -> list[Result]:
    place = os.path.join(folder, 'ours')
    ours = Ours(place, processes.free_port(), mariadb.create('dbaas_ours'), hosts)
    url = mariadb.create('dbaas_stock')
    stock = Stock(url, hosts)
    try:
        sides = Bench(folder, ours, stock, (url, hosts, str(WORKERS)), embedded=False)
        sides.run()
        return sides.results('zookeeper+mariadb', AGAINST, cpu=True, p99=True) + parked(folder, ours)
    finally:
        stock.close()
        ours.close()
