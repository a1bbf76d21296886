"""What a bed's things are called outside its folder: by these alone it finds, after a crash, what is its own.

The kernel allows 15 characters to an interface.
"""

import hashlib

CGROUPS = '/sys/fs/cgroup'
CONTROLLERS = ('memory', 'cpu')


def tag(state: str) -> str:
    """Of one bed on this machine. state: its absolute folder."""
    return hashlib.sha256(state.encode()).hexdigest()[:5]


def bridge(state: str, network: str) -> str:
    return f'ob{tag(state)}{network[:8]}'


def wire(state: str, port: str) -> str:
    """Outer end of the cable of a Neutron port."""
    return f'ow{tag(state)}{port[:8]}'


def inner_wire(state: str, port: str) -> str:
    """Its other end, for as long as it is not in the machine yet."""
    return f'oi{tag(state)}{port[:8]}'


def namespace(state: str, server: str) -> str:
    return f'dbaas-os-{tag(state)}-{server[:8]}'


def cgroup(state: str, controller: str, server: str = '') -> str:
    """The folder of a machine, or of all machines of this bed."""
    return f'{CGROUPS}/{controller}/dbaas-os-{tag(state)}' + (f'/{server}' if server else '')
