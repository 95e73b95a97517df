"""Runs as files: one that is stopped, by whatever, goes on where it was saved last, with the same bits."""

from .load import load_run
from .save import save

__all__ = ["load_run", "save"]
