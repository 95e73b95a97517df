"""One paper per file: a record, and whatever only that paper needs."""
