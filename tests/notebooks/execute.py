"""Run notebooks afresh and put them back as they are committed: `python tests/notebooks/execute.py [PATH …]`.

Their outputs are kept, without what changes from run to run (times, widget state) and without the outputs of cells
tagged `slider`, which say nothing to those who only read. The first picture of the cell tagged `thumbnail` becomes
notebooks/thumbnails/NAME.png.
"""

import base64
import io
import sys
import time
from pathlib import Path

import matplotlib.image
import nbformat
from book import BOOKS, FOLDER
from matplotlib.figure import Figure
from nbclient import NotebookClient

from minidst._support.atomic_write import atomic_write

LANGUAGE = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"}}  # fmt: skip


def execute(path):
    book = nbformat.read(path, as_version=4)
    began = time.perf_counter()
    NotebookClient(book, timeout=300, kernel_name="python3", resources={"metadata": {"path": str(FOLDER)}}).execute()
    book.metadata = nbformat.from_dict(LANGUAGE)
    for number, cell in enumerate(book.cells):
        cell.id = f"cell-{number}"
        cell.metadata = nbformat.from_dict({"tags": cell.metadata["tags"]} if cell.metadata.get("tags") else {})
        if cell.cell_type == "code":
            cell.outputs = [] if "slider" in cell.metadata.get("tags", []) else joined(cell.outputs)
    with atomic_write(path) as temporary:
        nbformat.write(book, temporary)
    thumbnail(book, path)
    print(f"{path.name}: {time.perf_counter() - began:.1f} s, {path.stat().st_size / 1000:.0f} kB")


def joined(outputs):
    """The same outputs, with text that was printed in several pieces in one."""
    kept = []
    for output in outputs:
        if kept and output.output_type == kept[-1].output_type == "stream" and output.name == kept[-1].name:
            kept[-1].text += output.text
        else:
            kept.append(output)
    return kept


def thumbnail(book, path, width=320):
    pictures = [output.data["image/png"] for cell in book.cells if "thumbnail" in cell.metadata.get("tags", [])
                for output in cell.outputs if "image/png" in output.get("data", {})]  # fmt: skip
    if pictures:
        image = matplotlib.image.imread(io.BytesIO(base64.b64decode(pictures[0])))
        figure = Figure(figsize=(width / 100, width / 100 * image.shape[0] / image.shape[1]))
        figure.add_axes((0, 0, 1, 1), frameon=False, xticks=[], yticks=[]).imshow(image, interpolation="lanczos")
        (FOLDER / "thumbnails").mkdir(exist_ok=True)
        figure.savefig(FOLDER / "thumbnails" / f"{path.stem}.png", dpi=100)


if __name__ == "__main__":
    for name in sys.argv[1:] or BOOKS:
        execute(Path(name).resolve())
