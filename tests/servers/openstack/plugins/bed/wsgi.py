"""One WSGI application of OpenStack on waitress. Arguments: STATE MODULE PORT; the module has `application`."""

import importlib
import sys


def main() -> None:
    module, port = sys.argv[2:4]
    sys.argv = [module.partition('.')[0]]  # the application reads it when it is imported, as its program would
    application = importlib.import_module(module).application
    if module.startswith('neutron.'):  # a list of ports would fail until something else has configured the mappers
        import sqlalchemy.orm

        sqlalchemy.orm.configure_mappers()
    import waitress

    waitress.serve(
        application, listen=f'127.0.0.1:{port}', threads=4, ident=None, max_request_body_size=1 << 40,
        channel_timeout=600,
    )  # fmt: skip


if __name__ == '__main__':
    main()
