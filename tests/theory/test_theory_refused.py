"""Where the closed forms stop: the last value that is allowed, and the first that is refused."""

import numpy as np
import pytest

from minidst import theory

pytestmark = pytest.mark.small

ONES = np.ones(2)
AT_THE_EDGE = [  # what is asked, allowed, refused
    (lambda p: theory.four_wise_signs(2, p), 3, 2),
    (theory.product_bound, 3, 2),
    (theory.product_bound, 5, 4),
    (theory.product_bound, 61, 63),
    (lambda t: theory.cosine_schedule(0, t), 1e-9, 0),
    (lambda alpha: theory.cosine_schedule(0, 1, alpha), 1, 1.1),
    (lambda alpha: theory.cosine_schedule(0, 1, alpha), 1e-9, 0),
    (lambda n: theory.gradual_schedule(0, n, 1, 0.9), 1, 0),
    (lambda every: theory.gradual_schedule(0, 1, every, 0.9), 1e-9, 0),
    (lambda s: theory.gradual_schedule(0, 1, 1, s), 1, 1.1),
    (lambda s: theory.gradual_schedule(0, 1, 1, s), 0, -0.1),
    (lambda density: theory.erk_densities([(2, 3)], density), 1, 1.1),
    (lambda n: theory.erk_densities([(n, 3)], 0.5), 1, 0),
    (lambda a: theory.expected_jaccard(3, a, 1), 3, 4),
    (lambda a: theory.expected_jaccard(3, a, 1), 0, -1),
    (lambda n: theory.uniform_sample(n, 1, 1), 1, 0),
    (lambda active: theory.uniform_sample(3, active, 1), 3, 4),
    (lambda m: theory.uniform_sample(3, 1, m), 0, -1),
    (lambda places: theory.uniform_sample(places, places, 1), 1_000_000, 1_000_001),
    (lambda n: theory.gse_limits(0, n, 0), 1_000_000, 1_000_001),
    (lambda nnz: theory.outputs_without_input(2, 3, nnz), 6, 7),
    (lambda nnz: theory.outputs_without_input(2, 3, nnz), 0, -1),
    (lambda active: theory.uniform_gamma(4, active, 1), 1, 0),
    (lambda active: theory.uniform_gamma(4, active, 0.5), 3, 5),
    (lambda weight: theory.hit_probability(np.array([weight, 1.0]), ONES, 1), 0, -1),
    (lambda weight: theory.hit_probability(np.array([weight, 0.0]), ONES, 1), 1, 0),
    (lambda m: theory.hit_probability(ONES, ONES, m), 0, -1),
]


@pytest.mark.parametrize(("ask", "allowed", "refused"), AT_THE_EDGE)
def test_the_last_value_is_answered_and_the_next_refused(ask, allowed, refused):
    ask(allowed)
    with pytest.raises(ValueError, match=r"\d"):
        ask(refused)
