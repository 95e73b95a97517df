"""One command of the command line per file: `options(parser)` says what it takes, `run(arguments)` does it.

The first words of a file's docstring, up to the colon, are the command's line in `minidst --help`.
"""

from . import bench, compare, data, methods, report, sweep, train, verify

COMMANDS = (compare, train, sweep, report, methods, data, verify, bench)
