"""The version of the package, and the commit of the clone it runs from."""

import subprocess
from functools import cache
from pathlib import Path

__version__ = "0.1.0"


@cache
def revision() -> str | None:
    """The commit of the clone that this runs from, with -dirty where files were changed; None outside a clone."""
    clone = Path(__file__).parents[2]
    if not (clone / ".git").exists():
        return None
    git = ["git", "--no-optional-locks", "-C", str(clone)]
    describe = [*git, "describe", "--always", "--dirty", "--exclude=*", "--abbrev=9"]
    try:
        return subprocess.run(describe, capture_output=True, text=True, timeout=30, check=True).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return None
