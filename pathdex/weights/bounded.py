"""A reader of pickles whose work is bounded: so many steps, keys that can't be made to collide, nothing repeated for nothing."""

import pickle
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import count
from typing import Any

MOST_STEPS = 1_000_000
"""Steps that a pickle may take, and arguments that it may hand over; a thousand tensors take fifty thousand."""
MOST_TUPLES, LONGEST_TUPLE = 10_000, 8
"""Keys that are tuples, and what one may hold: their hashes can be made to collide."""
LARGEST = 2**60
"""Integers below it are their own hash; greater ones share those of others."""
MOST_PLACES = 2**32


@dataclass
class Budget:
    """What is left to all pickles of a file, which may be an archive of many."""

    steps: int = MOST_STEPS
    tuples: int = MOST_TUPLES
    nodes: Iterator[int] = field(default_factory=count)
    """Numbers the values that are looked at afterwards."""


class Bounded(pickle._Unpickler):
    """Python's own reader in place of the one in C, whose list of things to remember grows to gigabytes if a file says so.

    Before each step it looks at what the step would work on; raises `ValueError` and `pickle.UnpicklingError`.
    """

    def __init__(self, file: Any, budget: Budget | None = None) -> None:
        super().__init__(file)
        self.budget = budget or Budget()
        vars(self)["dispatch"] = _Watched(self)

    def spend(self, steps: int) -> None:
        """Take steps from those that are left."""
        self.budget.steps -= steps
        if self.budget.steps < 0:
            raise ValueError("it takes more steps than any checkpoint's")

    def hashed(self, keys: Iterable[Any]) -> None:
        """Refuse keys whose hashes are the writer's to choose: what stays is names, numbers, short tuples, things by identity."""
        for key in keys:
            if isinstance(key, tuple):
                self.budget.tuples -= 1
                if self.budget.tuples < 0 or len(key) > LONGEST_TUPLE or not all(_is_plain(part) for part in key):
                    raise pickle.UnpicklingError("a key that is no name")
            elif not (_is_plain(key) or _is_itself(key)):
                raise pickle.UnpicklingError("a key that is no name")

    def handed(self, *given: Any) -> None:
        """Count what a call takes or an object is told, which one thing remembered can repeat."""
        for one in given:
            if isinstance(one, tuple | list | dict):
                self.spend(len(one))


class _Watched:
    """The steps by their codes, each looked up as it is taken."""

    def __init__(self, reader: Bounded) -> None:
        self.reader = reader

    def __getitem__(self, code: int) -> Callable[[Any], None]:
        self.reader.spend(1)
        if guard := GUARDS.get(code):
            guard(self.reader)
        return OWN.get(code) or pickle._Unpickler.dispatch[code]


def _is_plain(key: Any) -> bool:
    """Whether a key is a name or a number whose hash collides with few others."""
    return key is None or isinstance(key, str | bytes | float) or (isinstance(key, int) and abs(key) < LARGEST)


def _is_itself(key: Any) -> bool:
    """Whether a key is equal to nothing but itself."""
    by_identity: Any = object.__hash__
    return type(key).__hash__ is by_identity


def _put(reader: Any) -> None:
    """Remember something at a place given in digits."""
    place = int(reader.readline()[:-1])
    if not 0 <= place < MOST_PLACES:
        raise pickle.UnpicklingError("a place to remember things that is none")
    reader.memo[place] = reader.stack[-1]


def _told(reader: Any) -> None:
    """An object's state may be two in one."""
    state = reader.stack[-1]
    reader.handed(state, *(state[:2] if isinstance(state, tuple) else ()))


OWN: dict[int, Callable[[Any], None]] = {pickle.PUT[0]: _put}
GUARDS: dict[int, Callable[[Any], None]] = {
    pickle.SETITEM[0]: lambda reader: reader.hashed(reader.stack[-2:-1]),
    pickle.SETITEMS[0]: lambda reader: reader.hashed(reader.stack[0::2]),
    pickle.DICT[0]: lambda reader: reader.hashed(reader.stack[0::2]),
    pickle.ADDITEMS[0]: lambda reader: reader.hashed(reader.stack),
    pickle.FROZENSET[0]: lambda reader: reader.hashed(reader.stack),
    pickle.REDUCE[0]: lambda reader: reader.handed(*reader.stack[-1:]),
    pickle.NEWOBJ[0]: lambda reader: reader.handed(*reader.stack[-1:]),
    pickle.NEWOBJ_EX[0]: lambda reader: reader.handed(*reader.stack[-2:]),
    pickle.BUILD[0]: _told,
}
"""What is looked at before a step, by the step's code."""
