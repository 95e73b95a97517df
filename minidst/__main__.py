"""`python -m minidst`."""

import sys

from .cli.main import main

sys.exit(main())
