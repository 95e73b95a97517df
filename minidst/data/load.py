"""`load`: data sets by name, and `sources`: where each of them is."""

import difflib
import inspect
import os
from collections.abc import Callable
from functools import partial
from typing import Any

from .._support.validation import quoted
from .dataset import Dataset
from .image_files import LAYOUTS, Source, looked_in, present
from .images import DIGITS_FILE, load_cifar10, load_digits, load_mnist
from .npz import load_npz
from .table import load_csv

LOADERS: dict[str, Callable[..., Dataset]] = {
    "digits": load_digits, "fashion-mnist": partial(load_mnist, "fashion-mnist"),
    "mnist": partial(load_mnist, "mnist"), "cifar10": load_cifar10, "csv": load_csv, "npz": load_npz,
}  # fmt: skip


def load(name: str, **where: Any) -> Dataset:
    """Return the data set `name`, one of LOADERS.

    where: for fashion-mnist, mnist and cifar10 data_dir= (a folder to look in first) and check= (False accepts files
    whose SHA-256 is not the known one); for csv path=, target=, test=, seed=; for npz path=, test=, seed=.
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
    """Return where digits, fashion-mnist, mnist and cifar10 are.

    Folders that are absent or unreadable count as empty; no file is opened.
    """
    found = [Source("digits", DIGITS_FILE, [DIGITS_FILE], "ships with minidst")]
    for layout in LAYOUTS.values():
        folders = looked_in(layout, data_dir)
        complete = (folder for folder in folders if len(present(layout, folder)) == len(layout.arrays))
        found.append(Source(layout.name, next(complete, None), folders, layout.how))
    return found
