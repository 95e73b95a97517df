"""The command line: `minidst COMMAND`."""

from .main import main

__all__ = ["main"]
