"""Data sets: `load(name)` returns a checked `Dataset`, `sources()` says where the files are."""

from minidst.data.dataset import Dataset
from minidst.data.identity import identity
from minidst.data.load import LOADERS, load, sources
from minidst.data.places import Source

__all__ = ["LOADERS", "Dataset", "Source", "identity", "load", "sources"]
