"""One process of the driver's tests: serves a topic, and prints a line per event. rpc_node.py URL TOPIC SERVER."""

import os
import signal
import sys
import threading
from typing import Any

from conf import messaging

messaging.prepare()
import oslo_messaging  # noqa: E402 - eventlet is kept out first
from oslo_messaging.rpc import server as rpc  # noqa: E402

from dbaas.guest.rpc import connect as rpc_of  # noqa: E402
from guestagent.contract.wire import bus  # noqa: E402


class Endpoint:
    """`slow` waits for a time on purpose: it stands for work."""

    def __init__(self, name: str) -> None:
        self._name = name

    @rpc.expose
    def echo(self, ctxt: Any, value: Any) -> dict[str, Any]:
        return {'by': self._name, 'value': value}

    @rpc.expose
    def slow(self, ctxt: Any, seconds: float) -> str:
        os.write(1, b'slow\n')
        threading.Event().wait(seconds)
        return self._name

    @rpc.expose
    def fail(self, ctxt: Any, text: str) -> None:
        raise ValueError(text)

    @rpc.expose
    def report(self, ctxt: Any, number: int) -> None:
        os.write(1, b'report %d\n' % number)  # one write: workers run side by side

    @rpc.expose
    def usage(self, ctxt: Any) -> dict[str, Any]:
        times = os.times()
        return {'cpu': times.user + times.system, 'eventlet': bool(sys.modules.get('eventlet'))}

    def hidden(self, ctxt: Any) -> None:
        """Not exposed."""


def main(url: str, topic: str, name: str) -> int:
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})  # before any thread, and before anybody sends one
    transport = rpc_of(messaging.bare_conf(), url)
    try:
        served = bus.serve(transport, oslo_messaging.Target(topic=topic, server=name), Endpoint(name), 64)
    except oslo_messaging.MessagingServerError as error:
        print('refused', error, flush=True)
        return 3
    print('ready', os.getpid(), flush=True)
    signal.sigwait({signal.SIGTERM})
    served.stop()
    print('stopping', flush=True)
    served.wait()
    transport.cleanup()
    print('stopped', flush=True)
    return 0


if __name__ == '__main__':
    sys.exit(main(*sys.argv[1:4]))
