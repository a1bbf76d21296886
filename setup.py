"""Packaging. The import names are fixed; tests are never shipped."""

from setuptools import find_packages, setup

PACKAGES = ['dbaas*', 'flows*', 'guestagent*', 'conductor*', 'conf*']

setup(
    name='dbaas',
    version='0.1.0',
    description='Database as a Service whose every operation is a flow you can see, hold, resume and undo',
    license='Apache-2.0',
    python_requires='>=3.11',
    packages=find_packages(include=PACKAGES),
    package_data={
        'dbaas': ['**/*.yaml', '**/*.mako', '**/*.html', '**/*.js', '**/*.css', '**/*.ini'],
        'guestagent': ['**/*.yaml', '**/*.json', '**/*.j2'],
    },
    install_requires=[
        'alembic>=1.13',
        'click>=8.1',
        'cryptography>=42',
        'docker>=7.1',
        'Flask>=3.0',
        'flask-smorest>=0.44',
        'Jinja2>=3.1',
        'kazoo>=2.11,<2.12',  # its private names that conductor/board/changes.py uses
        'keystonemiddleware>=10.7',
        'marshmallow>=3.23',
        'networkx>=3.2',
        'openstacksdk>=4.0',
        'oslo.config>=9.6',
        'oslo.context>=5.6',
        'oslo.log>=6.0',
        'oslo.messaging>=18.0',
        'oslo.policy>=4.3',
        'oslo.service[threading]>=4.0',
        'prometheus-client>=0.20',
        'psycopg[binary]>=3.1',
        'PyMySQL>=1.1',
        'PyYAML>=6.0',
        'rich>=13.7',
        'SQLAlchemy>=2.0.30',
        'taskflow>=6.5,<6.6',
        'tenacity>=8.3',
        'waitress>=3.0',
    ],
    extras_require={
        'clients': ['python-openstackclient>=6.0', 'python-troveclient>=8.0'],
        'test': [
            'gunicorn>=22.0',
            'import-linter>=2.0',
            'mypy>=1.8',
            'pytest>=8.0,<9.2',  # 9.2 ignores the groups of pytest-xdist 3.8
            'pytest-xdist>=3.5',
            'ruff>=0.6',
            'schemathesis>=4.0',
            'types-PyMySQL',
            'types-PyYAML',
            'requests>=2.31',
            'types-requests',
        ],
    },
    entry_points={
        'console_scripts': [
            'dbaas = dbaas.cli.main:main',
            'dbaas-api = dbaas.app:main',
            'dbaas-conductor = conductor.main:main',
            'dbaas-guestagent = guestagent.main:main',
            'dbaas-manage = dbaas.cli.manage.main:main',
            'dbaas-flow = dbaas.cli.flow.main:main',
            'dbaas-simulator = dbaas.cli.simulator.main:main',
        ],
        'oslo.messaging.drivers': ['unix = guestagent.contract.wire.unix:UnixDriver'],
        'oslo.policy.policies': ['dbaas = dbaas.api:list_rules'],
        'oslo.config.opts': ['dbaas = conf.opts:list_opts'],
        'dbaas.datastores': ['mariadb = guestagent.datastores.mariadb.datastore:MariaDB'],
    },
)
