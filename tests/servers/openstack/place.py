"""Where the test bed's things are: what is installed below one folder per checkout, each running bed below its own."""

import hashlib
import os
import pathlib

CHECKOUT = pathlib.Path(__file__).resolve().parents[3]
HERE = pathlib.Path(__file__).parent
PLUGINS = HERE / 'plugins'
# what a template is made by
SHAPE = ('etc', 'plugins/bed/nova_sync.py', 'people.py', 'rendering.py', 'sql.py', 'template.py', 'constraints.txt')


def home() -> pathlib.Path:
    """$DBAAS_OPENSTACK, or `.openstack` of this checkout."""
    return pathlib.Path(os.environ.get('DBAAS_OPENSTACK') or CHECKOUT / '.openstack').absolute()


def services() -> pathlib.Path:
    """The virtual environment of the OpenStack services. Raises FileNotFoundError with the remedy."""
    found = home() / 'services'
    if not (found / '.installed').exists():
        raise FileNotFoundError(f'OpenStack is not installed in {found}: run tools/install-openstack')
    return found


def rootfs() -> pathlib.Path:
    """What a machine boots. It may not be there."""
    return home() / 'guest' / 'rootfs'


def template() -> pathlib.Path:
    """The state of a control plane after its first start; its name changes with whatever it is made by."""
    proof = hashlib.sha256((services() / '.installed').read_bytes())
    for name in SHAPE:
        files = sorted((HERE / name).rglob('*')) if (HERE / name).is_dir() else [HERE / name]
        for path in files:
            if path.is_file():
                proof.update(path.read_bytes())
    return home() / f'template-{proof.hexdigest()[:16]}'
