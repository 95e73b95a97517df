"""`python -m minidst`."""

import sys

from .cli import main

sys.exit(main())
