"""How long a step that waits for the cloud pauses between its looks."""

import pytest

from flows.base import PATIENT_AFTER, pause

FIRST, LONGEST, TIMER = 0.25, 2.0, 0.25  # the defaults of [flows] and [conductor]


def looks(event):
    """(looks until what happens after `event` seconds is seen, seconds lost) with a timer that is as late as can be."""
    count, now = 0, 0.0
    while now < event:
        now += pause(now, FIRST, LONGEST) + TIMER
        count += 1
    return count, now - event


@pytest.mark.parametrize('event', [0.01, 0.3, 1.5, 3.1, 30.7, 59.99, PATIENT_AFTER - 0.01])
def test_at_most_half_a_second_is_lost_in_the_first_two_minutes(event):
    assert looks(event)[1] <= 0.5


@pytest.mark.parametrize('event', [130.0, 200.0, 590.0, 3600.0])
def test_later_it_loses_little_beside_what_was_waited(event):
    count, lost = looks(event)
    assert lost <= min(LONGEST + TIMER, event / 50)
    assert count < 2 * PATIENT_AFTER + event / LONGEST + 150


def test_it_never_pauses_longer_than_that_and_never_shorter_than_at_first():
    pauses = [pause(waited, FIRST, LONGEST) for waited in range(0, 4000, 7)]
    assert pauses == sorted(pauses) and (pauses[0], pauses[-1]) == (FIRST, LONGEST)


def test_a_short_poll_interval_does_not_make_the_first_looks_rarer():
    assert pause(0.0, FIRST, 0.05) == pause(500.0, FIRST, 0.05) == FIRST
