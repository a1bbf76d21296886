"""oslo.config options, one file per group. There is no global CONF: the object is made here and handed down."""

from collections.abc import Sequence

from oslo_config import cfg

from conf import opts


def register(conf: cfg.ConfigOpts) -> None:
    """Register every option of ours on `conf`."""
    for group, options in opts.GROUPS:
        conf.register_opts(options, group=None if group == 'DEFAULT' else group)


def load(argv: Sequence[str] = (), config_files: Sequence[str] = (), program: str = 'dbaas') -> cfg.ConfigOpts:
    """A ConfigOpts with all options, read from `config_files` (later ones win).

    Raises oslo_config.cfg.Error with the file and the option when a value does not fit.
    """
    from conf import logs  # here: an agent, which loads options of its own, does without oslo.log

    conf = cfg.ConfigOpts()
    register(conf)
    logs.register(conf)
    conf(list(argv), project='dbaas', prog=program, default_config_files=list(config_files))
    _read_all(conf)
    return conf


def reread(conf: cfg.ConfigOpts) -> None:
    """Read its files again; options marked mutable change, of the others that did change a warning is logged.

    Raises oslo_config.cfg.Error, and changes nothing, when a value does not fit.
    """
    load(config_files=conf.config_file)
    conf.mutate_config_files()


def _read_all(conf: cfg.ConfigOpts) -> None:
    """oslo.config looks at a value when it is asked for; a bad one must not wait for that."""
    for group, options in opts.GROUPS:
        for option in options:
            _ = conf[option.dest] if group == 'DEFAULT' else conf[group][option.dest]
