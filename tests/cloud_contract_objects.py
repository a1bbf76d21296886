"""What every cloud's object store must do. A test module inherits it and gives the fixture `cloud`."""

import uuid

import pytest

from dbaas.exceptions import NotFound

MIB = 1024 * 1024


class ObjectsContract:
    large = 5 * MIB  # more than two segments of the store that is tested

    @pytest.fixture
    def container(self, cloud):
        name = f'contract-{uuid.uuid4()}'
        yield name
        for stored in cloud.objects.list(name):
            cloud.objects.delete(name, stored.name)

    def pieces(self, size, piece=MIB // 3):
        """Bytes that differ, in pieces that fit no segment."""
        sizes = [piece] * (size // piece) + [size % piece]
        return [bytes([n % 251]) * length for n, length in enumerate(sizes)]

    @pytest.mark.parametrize('size', [0, 1, 1000])
    def test_put_and_get(self, cloud, container, size):
        data = self.pieces(size, 100)
        stored = cloud.objects.put(container, 'a', iter(data), {'checksum': 'sha256:1', 'part-of': 'x'})
        assert (stored.name, stored.size) == ('a', size)
        assert dict(stored.metadata) == {'checksum': 'sha256:1', 'part-of': 'x'}
        assert b''.join(cloud.objects.get(container, 'a')) == b''.join(data)
        assert cloud.objects.find(container, 'a') == stored

    def test_a_large_one(self, cloud, container):
        data = self.pieces(self.large)
        assert cloud.objects.put(container, 'large', iter(data), {'n': '1'}).size == self.large
        assert b''.join(cloud.objects.get(container, 'large')) == b''.join(data)
        assert cloud.objects.find(container, 'large').size == self.large
        assert [(s.name, s.size) for s in cloud.objects.list(container)] == [('large', self.large)]

    @pytest.mark.parametrize('first, second', [(10, 20), (20, 10), ('large', 10), (10, 'large'), ('large', 'large')])
    def test_the_last_one_replaces(self, cloud, container, first, second):
        before, after = (self.pieces(self.large if s == 'large' else s) for s in (first, second))
        cloud.objects.put(container, 'a', iter(before), {'old': '1'})
        stored = cloud.objects.put(container, 'a', reversed(after), {'new': '1'})
        assert b''.join(cloud.objects.get(container, 'a')) == b''.join(reversed(after))
        assert dict(stored.metadata) == {'new': '1'}
        assert cloud.objects.find(container, 'a') == stored

    @pytest.mark.parametrize('size', [10, 'large'])
    def test_half_of_one_is_none(self, cloud, container, size):
        with pytest.raises(ZeroDivisionError):
            cloud.objects.put(container, 'a', self.broken(size), {})
        assert cloud.objects.find(container, 'a') is None
        assert cloud.objects.list(container) == []

    @pytest.mark.parametrize('size', [10, 'large'])
    def test_half_of_one_does_not_replace(self, cloud, container, size):
        cloud.objects.put(container, 'a', iter([b'whole']), {'n': '1'})
        with pytest.raises(ZeroDivisionError):
            cloud.objects.put(container, 'a', self.broken(size), {})
        assert b''.join(cloud.objects.get(container, 'a')) == b'whole'
        assert dict(cloud.objects.find(container, 'a').metadata) == {'n': '1'}

    def broken(self, size):
        yield from self.pieces(self.large if size == 'large' else size)
        raise ZeroDivisionError('the source has failed')

    def test_names_and_prefixes(self, cloud, container):
        names = ['a', 'a/b', 'a/b c', 'a/bü', 'b/a']
        for name in reversed(names):
            cloud.objects.put(container, name, [name.encode()], {})
        assert [s.name for s in cloud.objects.list(container)] == names
        assert [s.name for s in cloud.objects.list(container, 'a/b')] == names[1:4]
        assert b''.join(cloud.objects.get(container, 'a/bü')) == 'a/bü'.encode()

    def test_what_is_not_there(self, cloud, container):
        assert cloud.objects.list(container) == []
        assert cloud.objects.find(container, 'a') is None
        with pytest.raises(NotFound):
            list(cloud.objects.get(container, 'a'))
        cloud.objects.delete(container, 'a')

    @pytest.mark.parametrize('size', [10, 'large'])
    def test_deleted_twice(self, cloud, container, size):
        cloud.objects.put(container, 'a', self.pieces(self.large if size == 'large' else size), {})
        for _ in range(2):
            cloud.objects.delete(container, 'a')
        assert cloud.objects.find(container, 'a') is None
        assert cloud.objects.list(container) == []
