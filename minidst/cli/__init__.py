"""The command line, one command per file."""

from .main import main

__all__ = ["main"]
