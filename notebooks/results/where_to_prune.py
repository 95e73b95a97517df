"""What notebook 06 reads, from the results of a sweep: `python where_to_prune.py minidst-where-to-prune.sqlite`.

Beside this file: where_to_prune.csv, a row per run, and where_to_prune_similarity.json, Jaccard matrices of the runs
that kept their connections.
"""

import csv
import json
import sys
from pathlib import Path

import numpy as np

from minidst.experiments.report import read
from minidst.experiments.report.figures import chance, changeable, jaccard_matrix
from minidst.experiments.sweep.trial import unpack

SETTINGS = ("data", "method", "prune", "growth", "density", "every")
MEASURED = ("seed", "measure", "score", "itop", "jaccard", "version", "revision")

report = read(sys.argv[1])
rows = [
    {name: cell.settings[name] for name in SETTINGS} | {name: row[name] for name in MEASURED}
    for cell in report.cells
    for row in cell.rows
]
with Path(__file__).with_suffix(".csv").open("w", newline="") as file:
    writer = csv.DictWriter(file, [*SETTINGS, *MEASURED], lineterminator="\n")
    writer.writeheader()
    writer.writerows({k: f"{v:.6g}" if isinstance(v, float) else v for k, v in row.items()} for row in rows)

kept = [cell for cell in report.cells if any(row["last"] for row in cell.rows)]
layers = changeable(kept)
names, gone = jaccard_matrix(report, kept, "gone")
_, last = jaccard_matrix(report, kept, "last")
for J in (gone, last):
    np.fill_diagonal(J, 1)


def part_gone(row):
    first, without = unpack(row["first"]), unpack(row["gone"])
    return np.mean([without[l].size / first[l].size for l in layers])


found = {
    "names": names,
    "seeds": len(kept[0].rows),
    "layers": layers,
    "gone": gone.round(4).tolist(),
    "last": last[:-1, :-1].round(4).tolist(),
    "start": last[-1, :-1].round(4).tolist(),
    "two starts": round(chance(kept), 4),
    "part gone": [round(np.mean([part_gone(row) for row in cell.rows]), 4) for cell in kept],
}
Path(__file__).with_name("where_to_prune_similarity.json").write_text(json.dumps(found) + "\n")
