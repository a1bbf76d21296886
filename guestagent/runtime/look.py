"""python -P -m guestagent.runtime.look: can this machine start containers of an image? Nothing is changed.

Exit codes: 0 yes, one line says where the image is; 1 no, one line says why and what to do.
"""

import argparse
import sys
from collections.abc import Sequence

from guestagent.failure import CommandError
from guestagent.runtime import daemon, images


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog='guestagent.runtime.look', description='Look for an image of containers.')
    parser.add_argument('image', metavar='REFERENCE')
    parser.add_argument('--archive', help='What it is brought from.')
    parser.add_argument('--archives', metavar='DIR', help='Where archives are.')
    parser.add_argument('--socket', help="The daemon's.")
    given = parser.parse_args(argv)
    socket = daemon.socket_path(given.socket)
    try:
        with daemon.talking(socket, f'looking for image {given.image}') as client:
            print(f'{images.look(client, given.image, given.archive, given.archives)}, {socket}')
    except CommandError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == '__main__':
    sys.exit(main())
