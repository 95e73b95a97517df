from commands import alone, command, error_line, printed, recorded  # noqa: F401
