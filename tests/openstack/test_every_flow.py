"""What every flow must pass, on a real control plane: repeated, failed and undone, resumed, deleted over."""

import pytest

from tests.flows.test_every_flow import (  # noqa: F401 - they are the tests
    test_a_failed_step_holds_and_resume_finishes,
    test_a_failed_undo_is_held_and_resumed_to_the_end,
    test_a_held_operation_is_undone_without_a_trace,
    test_each_step_twice_leaves_one_result,
    test_each_undo_twice,
    test_policy_abort_undoes_by_itself_unless_past_the_point_of_no_return,
    test_succeeds,
)

pytestmark = pytest.mark.xdist_group('openstack')
