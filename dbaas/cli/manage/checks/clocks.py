"""Clocks of other machines against ours. Guests refuse what is older than a few minutes, tokens expire."""

import email.utils
from collections.abc import Mapping

from dbaas.cli.manage.findings import Finding, failed, ok, warning

NOTICED, TOO_FAR = 5.0, 60.0  # seconds
REMEDY = 'keep both machines on time: chrony or systemd-timesyncd'


def compared(whose: str, theirs: float, before: float, after: float, grain: float = 0) -> Finding:
    """theirs: read between `before` and `after`, seconds since the epoch; grain: it is cut to so many seconds."""
    apart = max(before - theirs - grain, theirs - after, 0.0)
    what = (
        f'{whose} is within {max(apart, 1):.0f} s of this machine'
        if apart <= NOTICED
        else f'{whose}: {apart:.0f} s apart'
    )
    if apart > TOO_FAR:
        return failed('clocks', what, REMEDY)
    return warning('clocks', what, REMEDY) if apart > NOTICED else ok('clocks', what)


def of_answer(whose: str, headers: Mapping[str, str], before: float, after: float) -> Finding | None:
    """By the date of an HTTP answer, which is in whole seconds; None: it has none."""
    try:
        theirs = email.utils.parsedate_to_datetime(headers['Date']).timestamp()
    except (KeyError, TypeError, ValueError):
        return None
    return compared(whose, theirs, before, after, grain=1)
