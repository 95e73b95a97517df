"""Measure what things cost, next to other libraries: print tables, draw a picture, keep the figures as JSON."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from tqdm import tqdm

from .._support.atomic_write import check_writable
from .._support.validation import INT32_MAX, check_integer
from ..bench import kernels, latency, layer, memory, scale, step, update
from ..bench.peers import peers
from ..kernels.threads import threads
from ..plots import save
from .options import as_json, on_terminal
from .tables import bench_table

SUBJECTS = {module.__name__.split(".")[-1]: module for module in (kernels, layer, step, latency, update, scale, memory)}


def options(parser: argparse.ArgumentParser) -> None:
    """The subject, how much of it, and where the picture and the figures go."""
    subjects = parser.add_subparsers(dest="subject", required=True, metavar="SUBJECT")
    for name, module in SUBJECTS.items():
        one = subjects.add_parser(name, help=(module.__doc__ or "").split("\n")[0].split(":")[0].lower())
        one.add_argument("--quick", action="store_true", help="tiny sizes, to see that it works")
        one.add_argument("--threads", type=int, help="for all contestants (default: 1)")
        one.add_argument("--out", type=Path, default=Path(), help="folder for picture and JSON (default: here)")
        if module is scale:
            one.add_argument("--neurons", type=int, help="this many hidden neurons, and nothing else, such as 1000000")
            one.add_argument("--connections", type=int, help="of that network (default: 20 per neuron)")
            one.add_argument("--steps", type=int, help="of that network (default: 100)")
        as_json(one)


def run(arguments: argparse.Namespace) -> None:
    """Measure, then print and save."""
    subject = SUBJECTS[arguments.subject]
    more = _neurons(arguments) if subject is scale else {}
    stem = f"minidst-bench-{arguments.subject}" + ("-neurons" if more.get("neurons") else "")
    picture, figures = (arguments.out / f"{stem}.{suffix}" for suffix in ("png", "json"))
    for path in (picture, figures):
        check_writable(path)
    with (
        tqdm(unit="measurement", disable=not on_terminal(arguments), leave=False, bar_format="{elapsed} {desc}") as bar,
        peers(subject.PEERS, threads()) as found,
    ):
        result = subject.measure(found, bar.set_description_str, quick=arguments.quick, **more)
    save(subject.draw(result), picture)
    result.save(figures)
    if arguments.json:
        print(json.dumps(result.to_dict() | {"picture": str(picture)}, indent=2))
    else:
        print(bench_table(result))
        print(f"picture: {picture}\nfigures: {figures}")


def _neurons(arguments: argparse.Namespace) -> dict[str, int]:
    """What `scale` takes beyond the others. Raises ValueError for numbers that make no network."""
    given = {name: getattr(arguments, name) for name in ("neurons", "connections", "steps")}
    if given["neurons"] is None:
        if any(value is not None for value in given.values()):
            raise ValueError("--connections and --steps belong to a network of --neurons N; give that too")
        return {}
    defaults = {"connections": 20 * given["neurons"], "steps": 100}
    chosen = defaults | {name: value for name, value in given.items() if value is not None}
    n = chosen["neurons"]
    check_integer("--neurons", n, 2, INT32_MAX)
    places = 784 * (n // 2) + (n // 2) ** 2 + 10 * (n // 2)
    check_integer(
        "--connections", chosen["connections"], 1, min(places, INT32_MAX), f"{n} neurons have no room for more"
    )
    check_integer("--steps", chosen["steps"])
    return chosen
