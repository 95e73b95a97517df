"""RigL, the rigged lottery (Evci et al. 2020, arXiv:1911.11134).

Every ΔT steps, in place of an optimizer step and until three quarters of training:
1. In each layer exchange k = ⌊α_t·nnz⌋ connections, α_t = α/2·(1 + cos(πt/T_end)).
2. Drop the k smallest |θ|.
3. Take the gradient of the loss for every connection that is now absent, those just dropped among them.
4. Grow the k with the largest |∇|, at weight 0, so that the network's output does not jump.

By hand, k = 3:
    θ = .9 .1 .8  0  0  0     |∇| = .01  5  .01  .3  .2  .1     active after = 1 1 1 0 0 0
        .2 .7 .6  0  0  0            4  .01 .01 .05 .04  .6                    1 1 0 0 0 1
The three smallest weights are .1 at (0,1), .2 at (1,0) and .6 at (1,2); they are dropped. Among all that is then absent
the largest gradients are 5 at (0,1), 4 at (1,0) and .6 at (1,5): the first two return at once, but at weight 0, and
(1,5) replaces (1,2).

Step 3 is why RigL is said to need the memory of a dense layer. It does not: see `_streaming_top_k` in dst/grow.py.
"""

from ..grow import all_absent, gradient
from ..method import Method
from ..prune import magnitude
from ..schedule import Cosine


def rigl_flops(f_S: float, f_D: float, ΔT: float) -> float:
    """(3 f_S ΔT + 2 f_S + f_D)/(ΔT + 1)"""
    return (3 * f_S * ΔT + 2 * f_S + f_D) / (ΔT + 1)


RIGL = Method(
    name="rigl",
    paper="Evci et al. 2020, arXiv:1911.11134",
    summary="grows the largest gradients of all absent connections",
    flops=rigl_flops,
    prune=magnitude,
    candidates=all_absent,
    score=gradient,
    schedule=Cosine(alpha=0.3, every=100, until=0.75),
)
