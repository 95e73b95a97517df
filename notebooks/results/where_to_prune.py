"""What notebook 06 reads, from the results of a sweep: `python where_to_prune.py minidst-where-to-prune.sqlite`.

Beside this file: where_to_prune.csv, a row per run, and where_to_prune_similarity.json, Jaccard matrices of the runs
that kept their connections, over the layers that an update can change: one that is full is alike in all of them.
"""

import csv
import json
import sys
from itertools import combinations
from pathlib import Path

import numpy as np

from minidst.metrics import jaccard
from minidst.report import read
from minidst.sweep.watch import unpack

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


def mean(a, b, layers):
    return float(np.mean([jaccard(a[l], b[l]) for l in layers]))


kept = {(report.label(cell), row["seed"]): {what: unpack(row[what]) for what in ("first", "gone", "last")}
        for cell in report.cells for row in cell.rows if row["last"]}  # fmt: skip
names = list(dict.fromkeys(name for name, _ in kept))
seeds = sorted(seed for seed in {seed for _, seed in kept} if all((name, seed) in kept for name in names))
layers = [l for l, gone in enumerate(kept[names[0], seeds[0]]["gone"]) if gone.size]
found = {"names": names, "seeds": len(seeds), "layers": layers}
for what in ("gone", "last"):
    found[what] = [[round(np.mean([mean(kept[a, s][what], kept[b, s][what], layers) for s in seeds]), 4)
                    for b in names] for a in names]  # fmt: skip
found["start"] = [round(np.mean([mean(kept[a, s]["first"], kept[a, s]["last"], layers) for s in seeds]), 4)
                  for a in names]  # fmt: skip
pairs = list(combinations(seeds, 2))
found["two starts"] = round(np.mean([mean(kept[names[0], a]["first"], kept[names[0], b]["first"], layers)
                                     for a, b in pairs]), 4) if pairs else None  # fmt: skip
found["part gone"] = [round(np.mean([[kept[a, s]["gone"][l].size / kept[a, s]["first"][l].size for l in layers]
                                     for s in seeds]), 4) for a in names]  # fmt: skip
Path(__file__).with_name("where_to_prune_similarity.json").write_text(json.dumps(found) + "\n")
