"""The pruning study (Nowak et al. 2023, "Fantastic weights and how to find them: where to prune in dynamic sparse
training", arXiv:2306.12230). A method is a pruning criterion × a growth criterion, and the study tries all of them:

                                  random growth        gradient growth
    magnitude   |θ|               ×                    RigL
    per sign    |θ₊|, |θ₋|        SET                  ×
    mest        |θ| + λ|∇|        MEST                 ×
    sensitivity |∇|/|θ|           Naji et al. 2021     ×
    snip        |θ|·|∇|           ×                    ×

(table 1; × had not been tried before). The authors find |θ|/|∇|, reciprocal sensitivity, steadier than sensitivity,
and compare that one. Everything else is held fixed: ρ = 0.5 falling as a cosine over the whole of training, an update
every ΔT = 800 steps in each layer, ER graphs, optimizer steps at updates too.

They find: most criteria do equally well. Where few connections are left, the simple ones (magnitude, per sign, and mest
with a small λ) are best, and snip and sensitivity fall behind.

We find on digits (figures and commands in README.md beside this file): from a density of 5 % on, magnitude, per sign,
mest and snip cannot be told apart, and the sensitivities fall behind. At 1 or 2 % snip leads by .3 to 1.9 points,
because it alone drops all connections that get no gradient from any sample.

A criterion can replace that of any other record: `method("gse-grabo", prune=snip)`.
"""

from dataclasses import replace
from typing import Literal

from ..._support.validation import check_choice
from ..grow import all_absent, gradient, random_absent
from ..method import Method
from ..prune import CRITERIA
from ..schedule import Cosine
from .rigl import rigl_flops

Growth = Literal["random", "gradient"]
GROWTHS: tuple[Growth, ...] = ("random", "gradient")

STUDY = Method(
    name="study",
    paper="Nowak et al. 2023, arXiv:2306.12230",
    summary="a criterion and a growth, all else equal",
    prune=CRITERIA["magnitude"],
    candidates=random_absent,
    schedule=Cosine(alpha=0.5, every=800, until=1.0),
    skip_optimizer_step=False,
)


def combination(prune: str, growth: Growth) -> Method:
    """The study's method that drops by one of CRITERIA and grows at random or by |∇|. ValueError for other names."""
    check_choice("criterion", prune, CRITERIA)
    check_choice("growth", growth, GROWTHS)
    summary = f"the pruning study: drops by {prune}, grows {'at random' if growth == 'random' else 'by gradient'}"
    record = replace(STUDY, name=f"{prune}-{growth}", summary=summary, prune=CRITERIA[prune])
    if growth == "random":
        return record
    return replace(record, candidates=all_absent, score=gradient, flops=rigl_flops)


COMBINATIONS: dict[str, Method] = {
    f"{prune}-{growth}": combination(prune, growth) for prune in CRITERIA for growth in GROWTHS
}
"""Both columns of the table, and random pruning, by names that `dst.method` accepts, such as "snip-random"."""
