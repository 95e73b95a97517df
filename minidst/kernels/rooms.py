"""Memory for large arrays that is used again: what a step needs, the next one needs too.

The system hands out fresh memory page by page, each cleared at its first touch: for a layer of half a million units
that takes as long as the product. A room is free as soon as no array lies in it any more, which its reference count
tells; free rooms are kept as long as they are no larger, together, than those in use and `KEPT`.
"""

import os
from sys import getrefcount
from threading import Lock
from typing import Any

import numpy as np

LARGE = 1 << 20  # bytes from which an array is worth a room of its own
KEPT = 1 << 26

_rooms: list[Any] = []
_lock = Lock()


def room(size: int, line: int) -> Any:
    """At least `size` − `line` uninitialised bytes, (…,) uint8, from a multiple of `line` on."""
    if size < LARGE:
        return _from_line(np.empty(size, np.uint8), line)
    with _lock:
        for place in range(len(_rooms)):
            if _rooms[place].size == size and _free(place):
                return _from_line(_rooms[place], line)
        _rooms.append(np.empty(size, np.uint8))
        found = _from_line(_rooms[-1], line)
        _forget()
        return found


def clear() -> None:
    """Give every free room back to the system."""
    with _lock:
        _rooms[:] = [_rooms[place] for place in range(len(_rooms)) if not _free(place)]


def _free(place: int) -> bool:
    return getrefcount(_rooms[place]) == 2  # the list's, and the call's


def _forget() -> None:
    """Give the oldest free rooms back to the system, while they are too large together."""
    free = [place for place in range(len(_rooms)) if _free(place)]
    spare = sum(_rooms[place].size for place in free)
    in_use = sum(_rooms[place].size for place in range(len(_rooms))) - spare
    for gone, place in enumerate(free):  # each that goes moves the later ones up
        if spare <= in_use + KEPT:
            break
        spare -= _rooms[place - gone].size
        del _rooms[place - gone]


def _from_line(held: Any, line: int) -> Any:
    return held[-held.ctypes.data % line :]


def _new_lock() -> None:
    """A forked child may have been born while another thread held the lock."""
    global _lock
    _lock = Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_new_lock)
