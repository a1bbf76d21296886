"""For tests that must hold whatever runs the server."""

import pytest

on_both = pytest.mark.parametrize(
    'runtime', ['process', pytest.param('container', marks=pytest.mark.xdist_group('docker'))], indirect=True
)
