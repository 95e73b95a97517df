import naive
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import DTYPES, whole

from minidst.kernels import sketch

pytestmark = pytest.mark.small

SHAPES = {"n": st.integers(0, 6), "B": st.integers(1, 40), "seed": st.integers(0, 2**16)}


FINISH = {sketch.l1: lambda sums: sums, sketch.squares: np.sqrt, sketch.signed: np.abs}


def run(kernel, *arrays):
    out = np.zeros(len(arrays[0]))
    with np.errstate(all="ignore"):  # only heard when the JIT is off
        kernel(*arrays, out)
        return FINISH[kernel](out)


def signs(rng, B, dtype):
    return rng.choice(np.array([-1, 1], dtype), B)


@pytest.mark.parametrize("dtype", DTYPES)
@given(**SHAPES)
def test_norms_and_sketches_of_whole_numbers_are_exact(dtype, n, B, seed):
    rng = np.random.default_rng(seed)
    H, s = whole(rng, n, B, dtype=dtype), signs(rng, B, dtype)
    np.testing.assert_array_equal(run(sketch.l1, H), naive.l1(H))
    np.testing.assert_array_equal(run(sketch.signed, H, s), naive.signed(H, s))
    np.testing.assert_array_equal(run(sketch.squares, H), naive.l2(H))


@pytest.mark.parametrize("dtype", DTYPES)
@given(**SHAPES)
def test_norms_and_sketches_round_within_the_bound_of_any_order(dtype, n, B, seed):
    rng = np.random.default_rng(seed)
    H, s = rng.standard_normal((n, B)).astype(dtype), signs(rng, B, dtype)
    bound = 2 * naive.gamma(B + 2, dtype)
    np.testing.assert_allclose(run(sketch.l1, H), naive.l1(H), rtol=bound)
    np.testing.assert_allclose(run(sketch.squares, H), naive.l2(H), rtol=bound)
    error = np.abs(run(sketch.signed, H, s) - naive.signed(H, s))
    assert (error <= bound * np.array(naive.l1(H))).all()


@given(seed=st.integers(0, 2**16))
def test_the_gradient_is_bounded_by_the_norms_and_they_by_the_sums(seed):
    # |∇_ij| ≤ ‖δ_i‖₂·‖h_j‖₂ ≤ |δ_i|₁·|h_j|₁: ours is the tighter of the two rank-one bounds
    rng = np.random.default_rng(seed)
    DY, X = whole(rng, 4, 6), whole(rng, 5, 6)
    nabla = np.abs(naive.dense_gradient(DY, X))
    tight = np.outer(run(sketch.squares, DY), run(sketch.squares, X))
    loose = np.outer(run(sketch.l1, DY), run(sketch.l1, X))
    assert (nabla <= tight * (1 + 1e-14)).all()
    assert (tight <= loose * (1 + 1e-14)).all()


@pytest.mark.parametrize("b", [0, 1, 8])
@pytest.mark.parametrize("special", [np.nan, np.inf, -np.inf])
def test_nan_and_inf_show_in_whichever_sample_they_are(special, b):
    H = np.ones((3, 9), np.float32)
    H[1, b] = special
    expected = [9, abs(special), 9]
    np.testing.assert_array_equal(run(sketch.l1, H), expected)
    np.testing.assert_array_equal(run(sketch.signed, H, np.ones(9, np.float32)), expected)
    np.testing.assert_array_equal(run(sketch.squares, H), [3, abs(special), 3])


@pytest.mark.parametrize("size", [1e-30, 1e-3, 1e30])
def test_the_norm_is_right_where_the_square_leaves_the_range_of_float32(size):
    H = np.full((2, 9), size, np.float32)
    np.testing.assert_allclose(run(sketch.squares, H), 3 * size, rtol=1e-6)


@pytest.mark.parametrize("kernel", [sketch.l1, sketch.squares])
def test_an_empty_batch_has_norm_zero(kernel):
    assert run(kernel, np.empty((2, 0), np.float32)).tolist() == [0, 0]
