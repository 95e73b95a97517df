"""Data sets: `load(name)` returns a checked `Dataset`, `sources()` says where the files are."""

from .dataset import Dataset, identity
from .image_files import Source
from .load import LOADERS, load, sources

__all__ = ["LOADERS", "Dataset", "Source", "identity", "load", "sources"]
