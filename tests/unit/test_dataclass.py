"""Our dataclasses behave as those of the standard library."""

import dataclasses
from dataclasses import KW_ONLY, field, replace

import pytest

from stdpdsl.dataclass import dataclass

MAKERS = (dataclass, dataclasses.dataclass)


def kinds(make):
    @make(frozen=True)
    class Plain:
        a: int
        b: str = "b"
        c: list = field(default_factory=list, compare=False)
        d: int = field(default=3, repr=False)

    @make(frozen=True)
    class Below(Plain):
        _: KW_ONLY
        e: int = 5

    @make(frozen=True, kw_only=True)
    class Named:
        a: int
        b: int = 2

    @make
    class Open:
        a: int
        twice: int = field(init=False)

        def __post_init__(self):
            self.twice = 2 * self.a

    return Plain, Below, Named, Open


OURS, THEIRS = map(kinds, MAKERS)
CALLS = [
    ((1,), {}),
    ((1, "x"), {}),
    ((1,), {"c": [1], "d": 4}),
    ((1, "x", [2], 9), {}),
    ((1, "x", [2], 9, 5), {}),
    ((), {}),
    ((), {"a": 1}),
    ((), {"a": 1, "e": 6}),
    ((1,), {"a": 1}),
    ((1,), {"z": 1}),
]


@pytest.mark.parametrize("place", range(4))
def test_as_the_standard_library_s(place):
    ours, theirs = OURS[place], THEIRS[place]
    for values, named in CALLS:
        try:
            expected = theirs(*values, **named)
        except TypeError:
            with pytest.raises(TypeError):
                ours(*values, **named)
            continue
        made, again = ours(*values, **named), ours(*values, **named)
        assert vars(made) == vars(expected)
        assert repr(made) == repr(expected)
        assert dataclasses.asdict(made) == dataclasses.asdict(expected)
        assert made == again and made != replace(again, a=7) and made != expected
        if place < 3:
            assert hash(made) == hash(again) == hash(expected)
            with pytest.raises(dataclasses.FrozenInstanceError):
                made.a = 2
            with pytest.raises(dataclasses.FrozenInstanceError):
                del made.a
        else:
            with pytest.raises(TypeError):
                hash(made)
            made.a = 8
            assert made.a == 8 and made != again


def test_lists_of_two_are_two():
    plain = OURS[0]
    assert plain(1).c is not plain(1).c
