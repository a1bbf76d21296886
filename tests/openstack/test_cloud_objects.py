"""Objects of many segments on the real Swift, which lets a manifest here have few entries."""

from types import SimpleNamespace

import pytest

from dbaas.cloud.openstack.segments import Store
from tests.openstack.cloud_fixtures import Seen, options_of

pytestmark = pytest.mark.xdist_group('openstack')

SEGMENT = 10_000


@pytest.fixture
def objects(openstack_cloud):
    return Seen(options_of(openstack_cloud, segment_size=SEGMENT)).objects


@pytest.fixture
def container(objects, holder):
    name = f'many-{holder.instance}'
    yield name
    objects.delete(name, 'a')


def content(segments):
    """Whose last segment is a short one."""
    return b''.join(number.to_bytes(4, 'big') * (SEGMENT // 4) for number in range(segments))[:-1]


def names_of(objects, container):
    return [stored.name.rpartition('/')[2] for stored in objects.list(f'{container}_segments')]


@pytest.mark.parametrize('segments, manifests', [(4, 0), (20, 5 + 2)])
def test_manifests_of_manifests(objects, container, segments, manifests):
    """Four entries each: 20 segments are in five manifests, which are in two, which are in the object's own."""
    data = content(segments)
    assert objects.put(container, 'a', iter([data]), {'n': '1'}).size == len(data)
    parts = [name for name in names_of(objects, container) if name.startswith('part-')]
    assert (len(names_of(objects, container)), len(parts)) == (segments + manifests, manifests)
    assert b''.join(objects.get(container, 'a')) == data
    assert objects.find(container, 'a').size == len(data)
    objects.delete(container, 'a')
    assert names_of(objects, container) == objects.list(container) == []


def test_a_read_is_taken_up_where_it_broke_off(objects, container, openstack_cloud):
    data = content(20)
    objects.put(container, 'a', iter([data]), {})
    with openstack_cloud.faults.rule('drop-within', 'swift', method='GET', path='/a$', times=2) as rule:
        assert b''.join(objects.get(container, 'a')) == data
        assert rule.hits == 2


@pytest.mark.parametrize('smaller', [1, 3])
def test_a_smaller_one_takes_its_place(objects, container, smaller):
    objects.put(container, 'a', iter([content(20)]), {})
    objects.put(container, 'a', iter([content(smaller)]), {})
    assert b''.join(objects.get(container, 'a')) == content(smaller)
    assert len(names_of(objects, container)) == (smaller if smaller > 1 else 0)


def test_swift_is_asked_once_what_a_manifest_may_have(objects, container, openstack_cloud):
    faults = openstack_cloud.faults
    begun = faults.serial
    with faults.rule('unavailable', 'swift', path='^/info$', times=1):
        for _ in range(2):
            objects.put(container, 'a', iter([content(9)]), {})
    asked = [call['status'] for call in faults.calls(begun) if call['path'] == '/info']
    assert asked == [503, 200]


def test_who_does_not_say_it_is_taken_to_allow_what_swift_does_by_default(driver):
    """Neutron has no /info either."""
    silent = SimpleNamespace(objects=driver.services.network)
    assert Store(silent, driver.objects.options, driver.tries).most == 1000
