"""python -P -m guestagent.warm: make a datastore's template beforehand, so that the first create need not.

Exit codes: 0 it is there, 1 it cannot be made (one line says why and what to do).
"""

import argparse
import os
import sys
from collections.abc import Sequence

from guestagent.datastores import loader
from guestagent.failure import CommandError
from guestagent.place import Place


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog='guestagent.warm', description='Make the template of a datastore.')
    parser.add_argument('--templates', required=True, metavar='DIR')
    parser.add_argument('--datastore', default='mariadb')
    parser.add_argument('--server-binary', default=os.environ.get('DBAAS_SERVER_BINARY'))
    parser.add_argument('--install-binary', default=os.environ.get('DBAAS_INSTALL_BINARY'))
    given = parser.parse_args(argv)
    place = Place(
        instance='', datastore=given.datastore, state='', record='', runtime='', data='/nowhere/data',
        templates=given.templates, transport_url='', key=b'',
    )  # fmt: skip
    try:
        loader.load(place).service.warm(given.server_binary, given.install_binary)
    except CommandError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == '__main__':
    sys.exit(main())
