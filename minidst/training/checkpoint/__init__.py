"""Runs as files: one that is stopped, by whatever, goes on where it was saved last, with the same bits."""

from .run_file import load_run, save

__all__ = ["load_run", "save"]
