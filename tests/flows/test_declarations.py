"""What every registered flow must declare, and that what was shipped stays as it was."""

import ast
import dataclasses
import inspect
import re
import textwrap

import pytest
from taskflow import atom, engines, task
from taskflow.patterns import linear_flow, unordered_flow

from dbaas.cloud.simulated.world import World
from flows import registry
from flows.base import Step, Wait
from flows.graph import Graph
from tests.flows import fingerprints
from tests.flows.conftest import every_flow, every_step, graph_of
from tests.flows.harness import House
from tests.flows.scenarios import SCENARIOS

INJECTED = ('run', 'cloud', 'guest', 'accounts', 'db', 'secrets', 'settings')


def inputs_of(disk, name):
    house = House(disk)
    SCENARIOS[name].before(house)
    return house.operation(SCENARIOS[name].start(house)).inputs


@pytest.mark.parametrize('name', every_flow())
def test_graph_validates(disk, name):
    """Every argument is an input, an earlier step's result, or injected; no name twice."""
    store = inputs_of(disk, name) | dict.fromkeys(INJECTED, 'injected')
    engine = engines.load(registry.build(name, 1, **inputs_of(disk, name)), store=store)
    engine.compile()
    engine.prepare()
    engine.validate()


@pytest.mark.parametrize('name', every_flow())
def test_stock_factory_and_ours_build_the_same(disk, name):
    """Pure: with or without inputs, again and again, the same graph."""
    inputs = inputs_of(disk, name)
    assert list(Graph(registry.build(name, 1, **inputs)).steps) == list(graph_of(name).steps)


@pytest.mark.parametrize('name', every_flow())
def test_nothing_makes_it_unfit_to_be_registered(name):
    assert registry.problems(registry.build(name, 1)) == []


@pytest.mark.parametrize(('name', 'step'), every_step())
def test_every_step_declares_itself(disk, name, step):
    house = House(disk)
    found = graph_of(name).steps[step]
    assert re.fullmatch(r'[a-z]+(-[a-z]+)*', step)
    assert found.describe(house.world.cloud, inputs_of(disk, name)).strip()
    assert found.irreversible or found.undo_effect
    assert house.settings.flows[f'{found.deadline}_deadline'] > 0
    assert set(found.awaits) <= graph_of(name).before[step]


@pytest.mark.parametrize(('name', 'step'), every_step())
def test_steps_are_short(name, step):
    """At most 15 lines below the signature of execute and of revert: they delegate."""
    for method in (type(graph_of(name).steps[step]).execute, type(graph_of(name).steps[step]).revert):
        body = ast.parse(textwrap.dedent(inspect.getsource(method))).body[0].body
        assert body[-1].end_lineno - body[0].lineno < 15, method


class Bare(Step):
    effect = 'do nothing'
    irreversible = 'nothing can be undone'

    def execute(self, run):
        pass


class Gives(Bare):
    restores = True


class Looks(Wait):
    effect = 'look'

    def execute(self, run):
        pass


class Dumb(Bare):
    effect = ''


@pytest.mark.parametrize(
    ('flow', 'problem'),
    [
        (unordered_flow.Flow('f').add(Looks()), 'waits inside an unordered block'),
        (linear_flow.Flow('f').add(unordered_flow.Flow('u').add(Looks())), 'waits inside an unordered block'),
        (linear_flow.Flow('f').add(Dumb()), 'has no effect line'),
        (linear_flow.Flow('f').add(Bare(), Gives()), 'before a step that restores'),
        (unordered_flow.Flow('f').add(Bare(), Gives()), 'beside a step that restores'),
    ],
)
def test_unfit_flows_are_found(flow, problem):
    assert any(problem in found for found in registry.problems(flow))


def test_a_wait_in_a_linear_flow_is_fit():
    flow = linear_flow.Flow('f').add(unordered_flow.Flow('u').add(Bare()), linear_flow.Flow('l').add(Looks()))
    assert registry.problems(flow) == []


def test_a_step_without_undo_or_reason_is_refused_when_its_class_is_made():
    with pytest.raises(TypeError, match='needs a revert, or irreversible'):
        type('Careless', (Step,), {'execute': lambda self, run: None})


def test_revert_does_not_inherit_the_requirements_of_execute():
    """A trap of TaskFlow: revert_requires=() counts as not given."""

    class Plain(task.Task):
        def execute(self, **kw):
            pass

        def revert(self, **kw):
            pass

    assert list(Plain('t', requires=['x'], revert_requires=[]).revert_rebind) == ['x']

    class Ours(Wait):
        def execute(self, run, **kw):
            pass

    assert list(Ours('t', requires=['x']).revert_rebind) == ['run']


@pytest.mark.parametrize(('name', 'step'), every_step())
def test_the_cached_mapping_of_arguments_is_taskflows(name, step):
    """Step overrides a private method of TaskFlow's Atom."""
    ours, stock = graph_of(name).steps[step], graph_of(name).steps[step]
    mapped = atom.Atom._build_arg_mapping(stock, stock.execute)
    assert (ours.rebind, ours.optional) == (mapped[0], mapped[2])
    assert ours.requires == mapped[1].union(ours.revert_rebind.values())


@pytest.mark.parametrize('name', every_flow())
def test_an_unknown_version_is_not_claimed(open_place, name):
    place = open_place(name)
    operation = place.start()
    before = place.house.rows()
    newer = dataclasses.replace(place.house.posted[-1], version=99)
    place.house.board.consume(place.house.posted[-1])
    place.house.post([newer])
    place.house.work()
    assert place.house.rows() == before and newer.name in place.house.board.names()
    assert place.house.state(operation) == 'QUEUED'


def test_shipped_flows_are_pinned():
    assert fingerprints.current() == fingerprints.pinned(), (
        'a flow changed: a version that a release has shipped never does (add a new one); '
        'otherwise run python -m tests.flows.fingerprints'
    )


def test_a_renamed_or_moved_step_changes_the_fingerprint(monkeypatch):
    before = fingerprints.fingerprint('demo.wait', 1)

    def moved(**inputs):
        return linear_flow.Flow('demo.wait').add(*reversed(list(graph_of('demo.wait').steps.values())))

    changed = moved()
    monkeypatch.setitem(registry.OPERATIONS, ('demo.wait', 1), lambda **inputs: changed)
    assert fingerprints.fingerprint('demo.wait', 1) != before


def test_the_simulated_world_has_the_whole_protocol():
    from dbaas.cloud import protocol

    wanted = {n for n in vars(protocol.Cloud) if not n.startswith('_')}
    assert all(callable(getattr(World().cloud, n)) for n in wanted)
