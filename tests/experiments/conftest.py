from commands import alone, command, error_line, printed  # noqa: F401
