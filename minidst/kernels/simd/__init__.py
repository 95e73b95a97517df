"""Tiles of samples in vector registers: as plain NumPy (tiles.py) and as LLVM code (intrinsics.py)."""
