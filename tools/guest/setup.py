"""Packaging of the second distribution, dbaas-guestagent: what goes into guests, the agent and the options it needs.

Version, requirements and entry points are those of the first, so the two cannot differ. tools/guest/wheel runs this in
a folder with `guestagent`, `conf` and the project's own setup.py, there called whole.py.
"""

import re
import runpy
from typing import Any

import setuptools

NEEDED = {'cryptography', 'docker', 'Jinja2', 'oslo.config', 'oslo.messaging', 'oslo.service', 'PyMySQL'}
GROUPS = ('oslo.messaging.drivers', 'dbaas.datastores')


def read_whole() -> dict[str, Any]:
    """What the first distribution gives to setup()."""
    said: dict[str, Any] = {}
    build, setuptools.setup = setuptools.setup, said.update
    try:
        runpy.run_path('whole.py')
    finally:
        setuptools.setup = build
    return said


whole = read_whole()
setuptools.setup(
    name='dbaas-guestagent',
    version=whole['version'],
    description='The agent of dbaas: it runs one database server, in its machine',
    license=whole['license'],
    python_requires=whole['python_requires'],
    packages=setuptools.find_packages(include=['guestagent*', 'conf*']),
    package_data={'guestagent': whole['package_data']['guestagent']},
    install_requires=[line for line in whole['install_requires'] if re.split(r'[\[<>=~!;]', line)[0] in NEEDED],
    entry_points={
        'console_scripts': [s for s in whole['entry_points']['console_scripts'] if s.startswith('dbaas-guestagent ')],
        **{group: whole['entry_points'][group] for group in GROUPS},
    },
)
