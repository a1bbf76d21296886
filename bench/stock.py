"""Stock TaskFlow 6.5 as shipped: SQL persistence, ZooKeeper board, non-blocking conductor, serial engine.

python -m bench.stock DATABASE-URL ZOOKEEPER-HOSTS WORKERS: its conductor.
"""

import contextlib
import logging
import signal
import sys
import threading
import uuid

from taskflow import engines
from taskflow.conductors import backends as conductors
from taskflow.jobs import backends as boards
from taskflow.persistence import backends, models

PATH = '/stock'


class Stock:
    """url: its database; hosts: of ZooKeeper."""

    def __init__(self, url: str, hosts: str):
        self.backend = backends.fetch({'connection': url})
        with contextlib.closing(self.backend.get_connection()) as connection:
            connection.upgrade()
        board = {'board': 'zookeeper', 'hosts': hosts, 'path': PATH, 'check_compatible': False}
        self.board = boards.fetch('bench', board, persistence=self.backend)
        self.board.connect()

    def accept(self) -> models.LogBook:
        """One flow of ten steps, saved as TaskFlow's documentation does it."""
        book = models.LogBook('bench', uuid=str(uuid.uuid4()))
        flow = models.FlowDetail('ten', str(uuid.uuid4()))
        book.add(flow)
        with contextlib.closing(self.backend.get_connection()) as connection:
            connection.save_logbook(book)
        engines.save_factory_details(flow, 'bench.loads.stock_ten', [], {}, backend=self.backend)
        return book

    def post(self, book: models.LogBook) -> None:
        flow = next(iter(book))
        self.board.post('ten', book=book, details={'flow_uuid': flow.uuid, 'store': {'op_id': book.uuid}})

    def close(self) -> None:
        self.board.close()
        self.backend.close()


def main(url: str, hosts: str, workers: str) -> int:
    logging.disable(logging.CRITICAL)
    side = Stock(url, hosts)
    conductor = conductors.fetch(
        'nonblocking', 'stock', side.board, persistence=side.backend, engine='serial',
        max_simultaneous_jobs=int(workers),
    )  # fmt: skip
    signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=conductor.stop).start())
    conductor.run()
    side.close()
    return 0


if __name__ == '__main__':
    sys.exit(main(*sys.argv[1:]))
