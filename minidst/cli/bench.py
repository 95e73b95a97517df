"""`minidst bench`: measure what things cost, print tables, draw a picture and save the figures as JSON."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from tqdm import tqdm

from .._support.atomic_write import check_writable
from .._support.validation import INT32_MAX, check_integer
from ..bench.kernels import KERNELS
from ..bench.layer import LATENCY, LAYER
from ..bench.memory import MEMORY
from ..bench.peers import peers
from ..bench.scale import SCALE
from ..bench.step import STEP, UPDATE
from ..kernels.threads import threads
from ..plots import save
from .options import as_json, on_terminal
from .tables import bench_table

SUBJECTS = {subject.name: subject for subject in (KERNELS, LAYER, STEP, LATENCY, UPDATE, SCALE, MEMORY)}


def add_commands(commands: Any) -> None:
    """Add `bench` to argparse's subparsers, with subparsers of its own for the SUBJECTS."""
    bench = commands.add_parser("bench", help="measure what things cost, next to other libraries")
    bench.set_defaults(run=run_bench)
    subjects = bench.add_subparsers(dest="subject", required=True, metavar="SUBJECT")
    for name, subject in SUBJECTS.items():
        one = subjects.add_parser(name, help=subject.help)
        one.add_argument("--quick", action="store_true", help="tiny sizes, to see that it works")
        one.add_argument("--threads", type=int, help="for all contestants (default: 1)")
        one.add_argument("--out", type=Path, default=Path(), help="folder for picture and JSON (default: here)")
        if subject is SCALE:
            one.add_argument("--neurons", type=int, help="this many hidden neurons, and nothing else, such as 1000000")
            one.add_argument("--connections", type=int, help="of that network (default: 20 per neuron)")
            one.add_argument("--steps", type=int, help="of that network (default: 100)")
        as_json(one)


def run_bench(arguments: argparse.Namespace) -> None:
    """Measure, then print and save."""
    subject = SUBJECTS[arguments.subject]
    network = _network(arguments) if subject is SCALE else {}
    stem = f"minidst-bench-{subject.name}" + ("-neurons" if network else "")
    picture, figures = (arguments.out / f"{stem}.{suffix}" for suffix in ("png", "json"))
    for path in (picture, figures):
        check_writable(path)
    with (
        tqdm(unit="measurement", disable=not on_terminal(arguments), leave=False, bar_format="{elapsed} {desc}") as bar,
        peers(subject.peers, threads()) as found,
    ):
        result = subject.measure(found, bar.set_description_str, quick=arguments.quick, **network)
    save(subject.draw(result), picture)
    result.save(figures)
    if arguments.json:
        print(json.dumps(result.to_dict() | {"picture": str(picture)}, indent=2))
    else:
        print(f"{bench_table(result)}\npicture: {picture}\nfigures: {figures}")


def _network(arguments: argparse.Namespace) -> dict[str, int]:
    """neurons, connections and steps, if --neurons is given. Raises ValueError unless they make a network."""
    n, connections, steps = arguments.neurons, arguments.connections, arguments.steps
    if n is None:
        if connections is not None or steps is not None:
            raise ValueError("--connections and --steps belong to a network of --neurons N; give that too")
        return {}
    connections, steps = 20 * n if connections is None else connections, 100 if steps is None else steps
    check_integer("--neurons", n, 2, INT32_MAX)
    dense = 784 * (n // 2) + (n // 2) ** 2 + 10 * (n // 2)
    check_integer("--connections", connections, 1, min(dense, INT32_MAX), f"{n} neurons have no more")
    check_integer("--steps", steps)
    return {"neurons": n, "connections": connections, "steps": steps}
