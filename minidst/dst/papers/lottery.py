"""The lottery ticket hypothesis (Frankle and Carbin 2019, arXiv:1803.03635): a dense network contains a sparse one, the
winning ticket, that trains as well from the same first weights.

1. Train a dense network to the end.
2. Keep the largest |θ| of the whole network, as many as the next sparsity of 0, 50, 75, 90, 95, 98 % leaves.
3. Set what is left, biases too, back to its first weights: that is the ticket.
4. Train it to the end; repeat from 2 until the budget is met, and report that last training.

By hand: of 80 connections and a budget of 5, trainings with 80, 40, 20, 8 and 5 connections (95 % would leave 4). To
keep 2 of first weights .5 −.2 .1 .4 that became .1 −.9 .8 .2, keep the middle two and start again at −.2 .1.

The sparsities are those of Heddes et al. (2023, section 4.1); the paper removes 20 % a round. Rounds are run by
training/rewinding.py. The time of a ticket of seven rounds is that of seven trainings.
"""

from ..method import Method


def lottery_flops(f_S: float) -> float:
    """3 f_S, summed over trainings from f_D to the budget"""
    return 3 * f_S


LOTTERY = Method(
    name="lottery",
    paper="Frankle and Carbin 2019, arXiv:1803.03635",
    summary="trains, prunes by magnitude, rewinds, and again",
    memory="O(n_in·n_out)",
    flops=lottery_flops,
    start="dense",
    rounds=(0.0, 0.5, 0.75, 0.9, 0.95, 0.98),
    skip_optimizer_step=False,
    needs_dense=True,
)
