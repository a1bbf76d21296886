"""What must hold whatever happens: after every action of the random attack, and when it has come to rest."""

import collections
from typing import Any

from taskflow import states

from dbaas.db.words import AT_REST, TERMINAL
from flows import registry
from tests.flows import toy
from tests.flows.scenarios import INSTANCE

UNDONE = {states.REVERTED, states.PENDING, states.IGNORE}
OUTCOMES = ('done', 'undone', 'failed', 'undo-failed', 'skipped', 'parked')
ENDS = {'HELD', 'ABORT_HELD', 'PAUSED', *TERMINAL}


def beginning(run: Any, row: Any, atom: Any, way: str) -> list[str]:
    """What is wrong about this step beginning now; a stale run may begin one, its outcome is fenced off."""
    if row.epoch != run.epoch or atom is None:
        return []
    found = []
    if way == 'do' and row.undo:
        found.append(f'{atom.name} executed by an abort')
    if way == 'do' and atom.state == states.SUCCESS:
        found.append(f'{atom.name} runs again after its commit')
    if way == 'undo' and atom.state == states.REVERTED:
        found.append(f'{atom.name} is undone again after its commit')
    return found


def now(attack: Any) -> None:
    """A parked operation has something to wait for; an active one holds lock and quota; no verb is left lying."""
    house = attack.house
    row = house.operation(house.id)
    rows = house.rows('operation_wait', 'command_report', 'operation_request', 'operation_lock', 'quotas')
    mine = [w for w in rows['operation_wait'] if w['operation_id'] == house.id]
    if row.state == 'WAITING':
        assert mine and all(w['wake_at'] is not None for w in mine), 'waits for nothing'
        told = {r['command_id'] for r in rows['command_report']}
        assert not told.issuperset(w['key'] for w in mine), 'lost wake'
    if row.state in AT_REST:
        new = [r for r in rows['operation_request'] if r['state'] == 'new' and r['operation_id'] == house.id]
        assert all(r['verb'] == 'pause' for r in new), 'a verb was ignored at rest'
    held = house.id in {lock['operation_id'] for lock in rows['operation_lock']}
    assert held == (row.state not in TERMINAL), (row.state, rows['operation_lock'])
    if row.state not in TERMINAL:
        assert rows['quotas'][0]['used'] == 1


def at_the_end(attack: Any) -> None:
    house = attack.house
    row, atoms = house.operation(house.id), house.atoms(house.id)
    assert row.state in ENDS, f'stuck in {row.state}'
    assert not attack.violations, attack.violations
    assert all(n == 1 for n in house.world.executed().values()), 'a command ran twice'
    requests = house.rows('operation_request')['operation_request']
    assert not [r for r in requests if r['state'] == 'new' and row.state in TERMINAL], 'a verb was lost'
    if attack.deleted is None:
        CHECKS.get(row.state, lambda *_: None)(attack, row, atoms)
    else:
        _deleted(attack, row)
    _quota_and_locks(attack, row)
    _events(house.events(house.id), row, atoms)


def _succeeded(attack: Any, row: Any, atoms: dict[str, Any]) -> None:
    assert {a.state for a in atoms.values()} == {states.SUCCESS}
    things, effects, away = attack.house.remains()
    kinds, skipped = toy.kinds(attack.spec), attack.skipped
    want = sorted(n for n, k in kinds.items() if k in ('make', 'final') and n not in skipped)
    have = sorted(t for t in things if t not in skipped)
    assert (sorted(set(have)) if skipped else have) == want, (have, want)  # with a step done by hand nothing is swept
    for name, kind in kinds.items():
        if kind in ('submit', 'slow') and not skipped:
            assert effects[f'{row.id}:{name}'] == 'done', (name, effects)
    assert not away or skipped
    assert [e.kind for e in attack.house.events(row.id)].count('succeeded') == 1


def _undone(attack: Any, row: Any, atoms: dict[str, Any]) -> None:
    assert {a.state for a in atoms.values()} <= UNDONE
    _, effects, away = attack.house.remains()
    things = attack.house.remains()[0]
    effects = {k: v for k, v in effects.items() if k.rpartition(':')[2] not in attack.skipped_undo}
    assert not things and not effects, f'left behind: {things} {effects}'
    assert not away or attack.skipped_undo
    if row.state == 'CANCELLED':
        assert not attack.house.world.executed()


def _held(attack: Any, row: Any, atoms: dict[str, Any]) -> None:
    assert not row.undo
    if attack.reset:
        return
    assert states.FAILURE in {a.state for a in atoms.values()}
    graph = registry.graph(row)
    past = graph.past_return(atoms)
    assert past or row.policy == 'hold'
    assert past or not graph.disrupted(atoms), 'held with the service away'


def _abort_held(attack: Any, row: Any, atoms: dict[str, Any]) -> None:
    assert row.undo
    assert attack.reset or states.REVERT_FAILURE in {a.state for a in atoms.values()}


def _paused(attack: Any, row: Any, atoms: dict[str, Any]) -> None:
    assert row.undo or not registry.graph(row).disrupted(atoms), 'paused with the service away'


CHECKS = {
    'SUCCEEDED': _succeeded, 'ABORTED': _undone, 'CANCELLED': _undone, 'HELD': _held, 'ABORT_HELD': _abort_held,
    'PAUSED': _paused,
}  # fmt: skip


def _deleted(attack: Any, row: Any) -> None:
    assert row.state in TERMINAL
    assert attack.house.state(attack.deleted) == 'SUCCEEDED', attack.house.operation(attack.deleted).reason
    assert attack.house.remains() == toy.NOTHING
    rows = attack.house.rows('instances', 'operation')
    assert rows['instances'][0]['deleted']
    assert len(rows['operation']) == 2, 'a second delete was started'


def _quota_and_locks(attack: Any, row: Any) -> None:
    rows = attack.house.rows('quotas', 'operation_lock', 'quota_reservations')
    locks = [(lock['resource_id'], lock['operation_id']) for lock in rows['operation_lock']]
    assert locks == ([] if row.state in TERMINAL else [(INSTANCE, row.id)]), locks
    used = 0 if attack.deleted or row.state in ('ABORTED', 'CANCELLED') else 1
    assert [q['used'] for q in rows['quotas'] if q['resource'] == 'instances'] == [used]
    assert len(rows['quota_reservations']) == used


def _events(events: list[Any], row: Any, atoms: dict[str, Any]) -> None:
    """They tell the same story as atoms and row, in order, each outcome once."""
    assert [e.seq for e in events] == list(range(1, len(events) + 1))
    epochs = [e.epoch for e in events if e.epoch is not None]
    assert epochs == sorted(epochs), epochs
    last: dict[str, str] = {}
    done = collections.defaultdict(list)
    for event in (e for e in events if e.kind in OUTCOMES):
        if event.kind == 'done':
            assert event.attempt not in done[event.step], f'{event.step} done twice in attempt {event.attempt}'
            done[event.step].append(event.attempt)
        assert last.get(event.step) != 'undone', f'{event.step}: {event.kind} after undone'
        last[event.step] = event.kind
    words = [e.kind for e in events if e.kind.replace('-', '_').upper() in ENDS | {'WAITING', 'QUEUED', 'ABORTING'}]
    assert words[-1].replace('-', '_').upper() == row.state, (words[-3:], row.state)
    for name, atom in atoms.items():
        if atom.state == states.SUCCESS:
            assert last.get(name) in ('done', 'skipped'), (name, last.get(name))
        if atom.state == states.REVERTED:
            assert last.get(name) in ('undone', 'skipped', None), (name, last.get(name))
