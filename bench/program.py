"""python -m bench.program api|conductor|embedded CONFIG: a program of ours that knows the flows of the benchmarks."""

import sys

from conf import messaging


def main(role: str, config: str) -> int:
    messaging.prepare()
    from bench import loads

    loads.register()
    if role == 'api':
        from dbaas import app

        return app.main(['--config-file', config])
    if role == 'conductor':
        from conductor import main as conductor

        return conductor.main(['--config-file', config, '--role', 'worker', '--name', 'bench'])
    return _embedded(config)


def _embedded(config: str) -> int:
    """What `dbaas up` runs."""
    import conf
    from conf import logs
    from dbaas import service
    from dbaas.cli.embedded.process import Process

    life = service.Life()
    settings = conf.load(config_files=[config])
    logs.setup(settings)
    process = Process(settings)
    process.start()
    life.until_told(process.stop, lambda: None)
    return 0


if __name__ == '__main__':
    sys.exit(main(*sys.argv[1:]))
