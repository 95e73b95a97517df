"""A notebook as its tests see it: cells, their tags, and the exercises with their folded solutions."""

import json
import re
from pathlib import Path

FOLDER = Path(__file__).parents[2] / "notebooks"
BOOKS = sorted(FOLDER.glob("[0-9][0-9]_*.ipynb"))


def cells(path):
    return json.loads(path.read_text(encoding="utf-8"))["cells"]


def code(path):
    return [cell for cell in cells(path) if cell["cell_type"] == "code"]


def source(cell):
    return "".join(cell["source"])


def tags(cell):
    return set(cell["metadata"].get("tags", []))


def prose(path):
    return "\n\n".join(source(cell) for cell in cells(path) if cell["cell_type"] == "markdown")


def solution(cell):
    """The code folded into a text cell: what goes in place of the exercise's cell above it. None if there is none."""
    found = re.search(r"<details>\s*<summary>.*?</summary>\s*```python\n(.*?)```\s*</details>", source(cell), re.DOTALL)
    return found and found[1]
