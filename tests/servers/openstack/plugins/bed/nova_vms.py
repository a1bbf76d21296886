"""`nova.py` with one compute, which runs virtual machines by libvirt: the machines' computes are not started."""

from . import nodes

nodes.HOSTS = ('vm-host',)  # before nova.py reads it

from .nova import main  # noqa: E402 - see above

if __name__ == '__main__':
    main()
