"""The papers' networks, one file each."""

from .mlp import mlp

__all__ = ["mlp"]
