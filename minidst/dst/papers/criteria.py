"""The pruning study (Nowak et al. 2023, "Fantastic weights and how to find them: where to prune in dynamic sparse
training", arXiv:2306.12230): a method is a pruning criterion × a growth criterion, so fill in the table.

                                  random growth        gradient growth
    magnitude   |θ|               ×                    RigL
    per sign    |θ₊|, |θ₋|        SET                  ×
    mest        |θ| + λ|∇|        MEST                 ×
    sensitivity |∇|/|θ|           Naji et al. 2021     ×
    snip        |θ|·|∇|           ×                    ×

(table 1; × had not been tried, and all of it was for the paper). The authors find |θ|/|∇|, reciprocal sensitivity,
steadier than sensitivity, and compare that one. Everything else is held fixed: ρ = 0.5 falling as a cosine over the
whole of training, an update every ΔT = 800 steps in each layer, ER graphs, an update does not replace a step.

What they found: most criteria do as well as each other; where few connections are left the simple ones, magnitude,
per sign, and mest with a small λ, are the best, and snip and sensitivity fall behind.

What we find on digits (figures and the command for them in README.md beside this file): from a density of 5 % on,
magnitude, per sign and mest can neither be told from each other nor from snip, the sensitivities fall behind. At 1 or
2 % the order is another: snip leads by .3 to 1.9 points, whatever the batch, and the two sensitivities with random
growth do not even reach a static network. That is the protocol, not the claim: with one or two inputs a neuron, many
connections get no gradient from any sample, because their input or a unit after them is always 0. Of such dead
connections magnitude keeps a quarter, reciprocal sensitivity, which gives them ∞, half, snip none. With the score set
to 0 where ∇ = 0, the simple ones equal snip, and reciprocal sensitivity recovers.

Any criterion also goes with any other method's record: `method("gse-grabo", prune=snip)`.
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
    """The study's method that drops by one of CRITERIA and grows at random or by |∇|: `combination("snip", "random")`.

    Raises ValueError for an unknown name.
    """
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
"""Both columns of the table and chance, by names such as "snip-random", which `dst.method` knows too."""
