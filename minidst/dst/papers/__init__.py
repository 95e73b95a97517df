"""One paper per file: its algorithm in the docstring, its record, and the code that only it needs."""
