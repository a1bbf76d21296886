"""What Keystone said of tokens is kept for as long as it counts, and never without bound."""

from dbaas.api import remembered
from dbaas.api.remembered import Remembered


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_an_answer_counts_for_its_time() -> None:
    clock = Clock()
    kept = Remembered(clock)
    assert kept.get('a') is None
    kept.set('a', b'one', 10)
    clock.now += 9.9
    assert kept.get('a') == b'one'
    kept.set('a', b'two', 10)
    clock.now += 9.9
    assert kept.get('a') == b'two'
    clock.now += 0.2
    assert kept.get('a') is None


def test_what_has_ended_takes_no_room() -> None:
    clock = Clock()
    kept = Remembered(clock)
    for number in range(50):
        kept.set(f'old-{number}', b'', 10)
    clock.now += 11
    kept.set('new', b'', 10)
    assert len(kept) == 1


def test_the_oldest_goes_first_when_there_are_too_many() -> None:
    kept = Remembered(Clock())
    for number in range(remembered.MOST + 5):
        kept.set(str(number), b'', 10)
    assert len(kept) == remembered.MOST
    assert kept.get('4') is None and kept.get('5') == b'' == kept.get(str(remembered.MOST + 4))


def test_who_finds_nothing_is_told_of() -> None:
    missed: list[int] = []
    kept = Remembered(Clock())
    looked = remembered.Looked(kept, lambda: missed.append(1))
    looked.set('known', b'one', 10)
    assert kept.get('known') == b'one' == looked.get('known') and not missed
    assert looked.get('new') is None and missed == [1]
