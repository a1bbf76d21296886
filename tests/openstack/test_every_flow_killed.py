"""Every flow, killed between any two commits and inside each, on a real control plane."""

import pytest

from tests.flows.test_every_flow_killed import (  # noqa: F401 - they are the tests
    test_killed_anywhere_and_aborted_by_another_conductor,
    test_killed_anywhere_and_resumed_by_another_conductor,
    test_killed_anywhere_in_the_undo_and_resumed,
)

pytestmark = pytest.mark.xdist_group('openstack')
