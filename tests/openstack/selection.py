"""Which cases of the tests of every flow run on the test cloud: all take hours, so `make test` has these.

DBAAS_TEST_OPENSTACK=all: all of them, but of flows that touch no cloud.
"""

import os

ALL = os.environ.get('DBAAS_TEST_OPENSTACK') == 'all'
MODULES = ('test_every_flow', 'test_every_flow_killed', 'test_every_flow_troubled')
SELECTED = (
    'test_succeeds[instance.repair]',
    'test_succeeds[cloud.sweep]',
    'test_each_step_twice_leaves_one_result[instance.create:create-server]',
    'test_each_step_twice_leaves_one_result[instance.delete:delete-ports]',
    'test_a_held_operation_is_undone_without_a_trace[instance.create:create-floating-ip-after]',
    'test_a_held_operation_is_undone_without_a_trace[instance.create:publish-endpoint-after]',
    'test_each_undo_twice[instance.create:create-volume]',
    'test_killed_anywhere_and_resumed_by_another_conductor[point-instance.create]',
    'test_every_service_in_trouble[all-drop-after-instance.create]',
    'test_every_service_in_trouble[all-unavailable-instance.delete]',
)
POINT = 60  # at which a selected run is killed: its server is under way
PARTS = 30  # of the points of a run


def selected(name: str) -> bool:
    """name: of a test with its parameters."""
    return 'demo.' not in name if ALL else name in SELECTED
