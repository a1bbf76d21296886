"""A stand-in for the guest agent where only its process matters: the lock, the pid file and a server to leave.

python -m tests.servers.fake_agent --state DIR --config RECORD/agent.json
"""

import json
import os
import signal
import subprocess
import sys

from guestagent.contract import processes


def main() -> int:
    config = sys.argv[sys.argv.index('--config') + 1]
    record = os.path.dirname(config)
    lock = processes.take_lock(os.path.join(record, 'agent.lock'))
    if lock is None:
        return 3
    with open(config) as text:
        facts = json.load(text)
    processes.write_pid(os.path.join(record, 'agent.pid'), os.getpid())
    start_server(facts)
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    signal.sigwait({signal.SIGTERM})
    return 0


def start_server(facts: dict) -> None:
    """A listener on the instance's address, as a database server would be."""
    pid = os.path.join(facts['record'], 'server.pid')
    if processes.running(pid):
        return
    listen = (
        'import signal, socket, sys; s = socket.create_server((sys.argv[1], int(sys.argv[2])));'
        'signal.pthread_sigmask(signal.SIG_SETMASK, []); signal.pause()'
    )
    command = [sys.executable, '-S', '-c', listen, facts['address'], str(facts['port'])]
    child = subprocess.Popen([*command, f'--loose-dbaas={facts["record"]}'], start_new_session=True)
    processes.write_pid(pid, child.pid)


if __name__ == '__main__':
    sys.exit(main())
