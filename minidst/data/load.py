"""The registry: data sets by name, and where each of them is."""

import difflib
import inspect
import os
from collections.abc import Callable
from functools import partial
from typing import Any

from minidst._support.validation import quoted
from minidst.data import digits, places
from minidst.data.cifar import load_cifar10
from minidst.data.dataset import Dataset
from minidst.data.mnist import load_mnist
from minidst.data.npz import load_npz
from minidst.data.places import Source
from minidst.data.table import load_csv

LOADERS: dict[str, Callable[..., Dataset]] = {
    "digits": digits.load_digits,
    "fashion-mnist": partial(load_mnist, "fashion-mnist"),
    "mnist": partial(load_mnist, "mnist"),
    "cifar10": load_cifar10,
    "csv": load_csv,
    "npz": load_npz,
}


def load(name: str, **where: Any) -> Dataset:
    """Return the data set `name`, one of LOADERS.

    where, by set: fashion-mnist, mnist, cifar10 take data_dir= (a folder to look in first) and check= (False
    accepts files whose SHA-256 is not the known one); csv takes path=, target=, test=, seed=; npz takes path=,
    test=, seed=; digits takes nothing.
    Raises ValueError for an unknown name or keyword, and for data that are missing or malformed.
    """
    if not isinstance(name, str) or name not in LOADERS:
        near = difflib.get_close_matches(str(name).lower(), LOADERS, n=2)
        hint = f"did you mean {' or '.join(near)}? " if near else ""
        raise ValueError(f"there is no data set {quoted(name)}: {hint}choose one of {', '.join(LOADERS)}")
    accepted = inspect.signature(LOADERS[name]).parameters
    for keyword in where:
        if keyword not in accepted:
            listed = ", ".join(f"{known}=" for known in accepted) or "no keywords"
            raise ValueError(f"data set {name} does not take {keyword}=: it takes {listed}")
    if "path" in accepted and "path" not in where:
        raise ValueError(f"data set {name} needs path=: give the {name} file to read")
    return LOADERS[name](**where)


def sources(data_dir: str | os.PathLike[str] | None = None) -> list[Source]:
    """Return where the data sets with a home are: digits, fashion-mnist, mnist, cifar10.

    Folders that are absent or unreadable count as empty; no file is opened.
    """
    found = [Source("digits", digits.FILE, [digits.FILE], "ships with minidst")]
    for layout in places.LAYOUTS.values():
        folders = places.looked_in(layout, data_dir)
        complete = (f for f in folders if len(places.present(layout, f)) == len(layout.arrays))
        found.append(Source(layout.name, next(complete, None), folders, layout.how))
    return found
