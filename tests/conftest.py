"""Plugins only."""

pytest_plugins = ['tests.fixtures']
