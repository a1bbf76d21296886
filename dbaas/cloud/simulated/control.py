"""Steering a dbaas-simulator from a test, a script or its command line: faults, moods of guests, times, and looks."""

from typing import Any

from dbaas.cloud.simulated.wire import Wire

Row = dict[str, Any]


class Control:
    """Its calls suffer no faults. Errors: CloudUnavailable, CloudError, NotFound."""

    def __init__(self, url: str, patience: float = 30.0):
        self._wire = Wire(url, patience=patience)

    # -- to disturb
    def fault(self, call: str, effect: str, **more: Any) -> None:
        """From now on, as dbaas.cloud.simulated.program.rules.Rule: when, probability, times, seconds, seed…"""
        self._wire.call('control.fault', call=call, effect=effect, **more)

    def faults(self) -> list[Row]:
        """With `hits`: how often each has struck."""
        return self._rows('faults')

    def clear(self) -> list[Row]:
        """No more faults; what there was."""
        return self._rows('clear')

    def mood(self, instance_id: str, mood: str, seconds: float = 0.0) -> None:
        """Of its guest: 'well', 'dead', 'slow' (by so many seconds), 'refusing'."""
        self._wire.call('control.mood', instance_id=instance_id, mood=mood, seconds=seconds)

    def break_server(self, instance: str, fault: str) -> None:
        self._wire.call('control.break_server', instance=instance, fault=fault)

    def lose(self, instance: str, name: str) -> None:
        """What has this name in that instance ('server', 'port', 'volume'…) is gone, whatever uses it."""
        self._wire.call('control.lose', instance=instance, name=name)

    def quota(self, **limits: int) -> None:
        """Of the cloud, from now on: servers, ram (MiB), volumes, gigabytes."""
        self._wire.call('control.quota', **limits)

    def reports(self, copies: int = 1, delay: float = 0.0, times: int = 1) -> None:
        """Of the next reports: 0 copies = lost, 2 = doubled; delay in seconds."""
        self._wire.call('control.reports', copies=copies, delay=delay, times=times)

    def times(self, **seconds: Any) -> None:
        """duration of commands (held=True: until finish), active, boot, gone of servers,

        volume (until AVAILABLE), change (resize and the like), heartbeat.
        """
        self._wire.call('control.times', **seconds)

    def finish(self, instance_id: str, command_id: str, error: str | None = None) -> None:
        self._wire.call('control.finish', instance_id=instance_id, command_id=command_id, error=error)

    # -- to look
    def snapshot(self) -> Row:
        """Comparable: what exists and what is in the guests."""
        found: Row = self._wire.call('control.snapshot')
        return found

    def effects(self, since: int = 0) -> list[Row]:
        """Everything that ever happened: {at, call, id, name, instance, operation, epoch (commands)}.

        call: create_… (made, once per thing), another method of the cloud (a change of what is there), 'gone',
        'run' (a command began in a guest).
        """
        return self._rows('effects', since=since)

    def executed(self) -> dict[str, int]:
        """command id -> how often it really ran."""
        found: dict[str, int] = self._wire.call('control.executed')
        return found

    def running(self) -> list[tuple[str, str]]:
        """(instance, command id) of every command that has not ended."""
        return [(instance, command) for instance, command in self._rows('running')]

    def refused(self) -> int:
        return int(self._wire.call('control.refused'))

    def unread(self) -> int:
        """Reports and heartbeats that no conductor has acknowledged."""
        return int(self._wire.call('control.unread'))

    def _rows(self, name: str, **arguments: Any) -> list[Any]:
        found: list[Any] = self._wire.call(f'control.{name}', **arguments)
        return found


def twice(effects: list[Row]) -> list[tuple[Any, ...]]:
    """What happened again though it was still there: (call, instance, operation, name) of things, ids of commands."""
    there: set[tuple[Any, ...]] = set()
    again = []
    keys: dict[str, tuple[Any, ...]] = {}
    for row in effects:
        if row['call'] not in ('run', 'gone') and not row['call'].startswith('create_'):
            continue  # a change may be asked for again later
        key = (row['call'], row['id']) if row['call'] == 'run' else _thing(row)
        if row['call'] == 'gone':
            there.discard(keys.get(row['id'], ()))
            continue
        keys[row['id']] = key
        if key in there:
            again.append(key)
        there.add(key)
    return again


def _thing(row: Row) -> tuple[Any, ...]:
    return row['call'], row['instance'], row['operation'], row['name']
