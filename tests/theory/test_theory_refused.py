"""Where the closed forms stop: the last value that is allowed, the first that is refused, and what is said of it."""

from functools import partial

import numpy as np
import pytest
from builders import refused

from minidst import theory

ONES = np.ones(2)
AT_THE_EDGE = [(function, *pair) for function, *pairs in [  # function, (allowed, refused), …
    (lambda m: theory.output_norm_variance("per_layer", 3, 1.5, m), (2, 3)),
    (lambda p: theory.four_wise_signs(2, p), (3, 2)),
    (theory.product_bound, (3, 2), (5, 4), (61, 63)),
    (lambda t: theory.cosine_schedule(0, t), (1e-9, 0)),
    (lambda alpha: theory.cosine_schedule(0, 1, alpha), (1, 1.1), (1e-9, 0)),
    (lambda n: theory.gradual_schedule(0, n, 1, 0.9), (1, 0)),
    (lambda every: theory.gradual_schedule(0, 1, every, 0.9), (1e-9, 0)),
    (lambda s: theory.gradual_schedule(0, 1, 1, s), (1, 1.1), (0, -0.1)),
    (lambda density: theory.erk_densities([(2, 3)], density), (1, 1.1)),
    (lambda n: theory.erk_densities([(n, 3)], 0.5), (1, 0)),
    (lambda a: theory.expected_jaccard(3, a, 1), (3, 4), (0, -1)),
    (lambda n: theory.uniform_sample(n, 1, 1), (1, 0)),
    (lambda active: theory.uniform_sample(3, active, 1), (3, 4)),
    (lambda m: theory.uniform_sample(3, 1, m), (0, -1)),
    (lambda places: theory.uniform_sample(places, places, 1), (1_000_000, 1_000_001)),
    (lambda n: theory.gse_limits(0, n, 0), (1_000_000, 1_000_001)),
    (lambda nnz: theory.outputs_without_input(2, 3, nnz), (6, 7), (0, -1)),
    (lambda active: theory.uniform_gamma(4, active, 1), (1, 0)),
    (lambda active: theory.uniform_gamma(4, active, 0.5), (3, 5)),
    (lambda weight: theory.hit_probability(np.array([weight, 1.0]), ONES, 1), (0, -1)),
    (lambda weight: theory.hit_probability(np.array([weight, 0.0]), ONES, 1), (1, 0)),
    (lambda m: theory.hit_probability(ONES, ONES, m), (0, -1)),
] for pair in pairs]  # fmt: skip


@pytest.mark.parametrize(("function", "allowed", "refused"), AT_THE_EDGE)
def test_the_last_value_is_answered_and_the_next_refused(function, allowed, refused):
    function(allowed)
    with pytest.raises(ValueError, match=r"\d"):
        function(refused)


def rewired(drop, born, keys=(0, 4, 5)):
    lists = keys, [1.0, 2, 3], [0.0, 0, 0], drop, born, np.zeros(len(born))
    return theory.rewiring(6, *map(np.array, lists))


EMPTY, ACTIVE = np.array([], int), np.array([[True, False, False]])
product = partial(theory.condensed_product, ONES[None])
MLP = [(300, 784), (100, 300), (10, 100)]
REFUSED = [  # call, words of its message
    *(
        (partial(theory.grabo_bound, np.ones(h), np.ones(delta)), [f"h has shape {h} and delta {delta};", "(n_in, B)"])
        for h, delta in (((3,), (2, 4)), ((3, 4), (4,)), ((3, 4), (2, 5)))
    ),
    (partial(product, np.array([[0, 2]]), ONES), ["from 0 to 2; v (2,) ", " from 0 to 1"]),
    (partial(product, np.array([[-1, 1]]), ONES), ["from -1 to 1; v (2,) ", " from 0 to 1"]),
    (partial(product, np.array([[0], [1]]), ONES), ["values are (1, 2) and indices (2, 1)"]),
    *((partial(theory.cosine_schedule, t, 12), ["outside", "ends at 12"]) for t in (-1, 13, np.array([3, 13]))),
    *((partial(theory.gradual_schedule, t, 3, 4, 0.9), ["outside", "ends at 12"]) for t in (-1, 13, np.array([3, 13]))),
    *((partial(theory.erk_densities, MLP, d), [d, "(0, 1]"]) for d in (0, -0.1, 1.0001, float("nan"))),
    (partial(theory.expected_itop, 9, 2, [1, 3], regrow_pruned=False), ["3 of 2", "use smaller"]),
    (partial(theory.itop_variance, 4, 3, [2], regrow_pruned=False), ["2 of 3", "for 2 of 1"]),
    (partial(theory.four_wise_signs, 5, 7), [5, "at most 4"]),
    (partial(theory.init_gain, np.array([1, 0, 1]), np.array([1, 0, 0])), ["[1, 0, 0]", "[1, 0, 1]", "infinite"]),
    (partial(theory.output_norm_variance, "constant", 3, 1), ["'constant'", "bernoulli, per_layer, fan_in"]),
    *((partial(theory.output_norm_variance, "bernoulli", 3, k), [f"k {k} ", "n = 3"]) for k in (0, -1, 4)),
    (partial(theory.output_norm_variance, "fan_in", 3, 1.5), ["fan_in", "k must be whole"]),
    (partial(theory.output_norm_variance, "per_layer", 3, 1.5, 3), ["per_layer", "k·m must be whole"]),
    (partial(rewired, [0], [0, 5, 4]), ["connection 4 ", "drop it first"]),
    (partial(rewired, [0], [1, 6]), ["born run from 1 to 6; give numbers from 0 to 5"]),
    (partial(rewired, [-1, 3], EMPTY), ["drop run from -1 to 3; give numbers from 0 to 2"]),
    (partial(theory.guided_gamma, np.ones(3), ONES[:1], 2, ACTIVE), [2, "2 absent", "fewer"]),
    (partial(theory.guided_gamma, np.array([1, 1, 0]), ONES[:1], 1.5, ACTIVE), [1.5, "1 absent"]),
    (partial(theory.uniform_gamma, 3, 1, 3), [3, "2 absent"]),
    (partial(theory.train_flops, "pruning", 1, 2), ["'pruning'", "static, set, snip"]),
    (partial(theory.train_flops, "rigl", 1, 2), ["'rigl'", "needs every"]),
]


@pytest.mark.parametrize(("call", "words"), REFUSED)
def test_a_refusal_names_what_is_wrong(call, words):
    with refused(*words):
        call()
