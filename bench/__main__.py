"""python -m bench [steps] [create] [embedded] [distributed]: run them, print each row, write bench/out/results.json."""

import logging
import signal
import sys

from conf import messaging


def main(names: list[str]) -> int:
    messaging.prepare()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # servers and processes are ended, whoever ends us
    logging.disable(logging.CRITICAL)
    from bench import create, distributed, embedded, loads, results, steps

    loads.register()
    suites = {
        'steps': steps.bench, 'create': create.bench, 'embedded': embedded.bench, 'distributed': distributed.bench,
    }  # fmt: skip
    unknown = set(names) - set(suites)
    if unknown:
        print(f'unknown: {", ".join(sorted(unknown))}; known: {", ".join(suites)}', file=sys.stderr)
        return 2
    found = [result for name in names or suites for result in suites[name]()]
    for result in found:
        print(result.line())
    print(f'written to {results.write(found)}')
    return 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
