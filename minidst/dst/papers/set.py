"""SET, sparse evolutionary training (Mocanu et al. 2018, Nature Communications 9:2383).

1. Start from an Erdős-Rényi graph: layer l has ε(n_in + n_out) connections.
2. Train for an epoch.
3. In every layer drop the fraction ζ of the positive weights that are closest to 0, and of the negative ones.
4. Grow as many absent connections, uniformly at random.
5. Repeat 2 to 4; do not rewire after the last epoch.

By hand, ζ = 0.5: θ = [.5, −.1, .2, −.9] has two positive weights, of which .2 is smaller, and two negative ones, of
which −.1 is closer to 0. Both are dropped, and two of the absent positions are drawn at random.

The paper does not give the initial weight of a grown connection; README.md beside this file compares three readings.
"""

from ..grow import random_absent, zeros
from ..method import Method
from ..prune import per_sign
from ..schedule import Constant

SET = Method(
    name="set",
    paper="Mocanu et al. 2018, arXiv:1707.04780",
    summary="drops the smallest weights of each sign, grows at random",
    prune=per_sign,
    candidates=random_absent,
    initial_weight=zeros,
    schedule=Constant(alpha=0.3, every="epoch", until=1.0),
    skip_optimizer_step=False,
)
