"""Every ValueError of layers, losses, networks, optimizers and schedules: one line with the value and the remedy."""

from functools import partial
from math import inf, nan

import numpy as np
import pytest
from builders import Unknown, refused, rng

from minidst import CSR, nn
from minidst.nn.hessian import hessian_vector

LABELS, ROWS = np.array([0, 1, 2]), np.zeros((3, 2))
WIDE, NARROW, HALF_DEAD, SUM = (
    nn.SparseLinear(CSR.from_dense(W)) for W in (np.ones((3, 4)), np.ones((2, 3)), [[1], [0]], [[1, 1]])
)
REGRESSIONS = [nn.BinaryCrossEntropy(), nn.MeanSquaredError()]  # their targets may be values


def times_hessian(*layers, loss):
    hessian_vector(nn.Network([nn.Linear(np.ones((1, 2))), *layers], loss), np.ones((2, 1)), np.zeros(1), [np.ones(2)])


LAYERS = [
    *[(partial(layer, W, b), [b.shape, "3 outputs", "(3,)"])
        for layer, W in [(nn.SparseLinear, CSR.from_dense(np.eye(3, 2))), (nn.Linear, np.eye(3, 2))]
        for b in [np.zeros(2), np.zeros((3, 1))]],
    *[(partial(nn.Linear, W), ["finite (n_out, n_in)", W.shape])
        for W in [np.zeros(3), np.zeros((1, 2, 3)), np.array([[1.0, nan]]), np.array([[inf]])]],
    *[(partial(nn.Linear, np.ones((2, 3), dtype)), [f"weights are {np.dtype(dtype)}", "float32 or float64"])
        for dtype in [np.float16, np.longdouble, np.complex64, object]],
    *[(partial(nn.LeakyReLU, slope), ["slope", slope, "[0, 1)"]) for slope in [-0.1, 1.0, nan]],
    *[(partial(nn.Dropout, p, rng()), ["dropout", p, "[0, 1)"]) for p in [-0.1, 1.0, nan]],
]  # fmt: skip

LOSSES = [
    *[(partial(nn.CrossEntropy, s), ["label_smoothing", s, "[0, 1)"]) for s in [-0.1, 1.0, nan]],
    # targets that do not suit the outputs, before training
    (partial(nn.CrossEntropy().check, LABELS, 3, 2), ["3 classes", "2"]),
    (partial(nn.CrossEntropy().check, ROWS, 0, 2), ["values", "MeanSquaredError"]),
    (partial(nn.BinaryCrossEntropy().check, LABELS, 3, 1), ["3 classes", "1"]),
    (partial(nn.BinaryCrossEntropy().check, LABELS, 3, 2), ["3 classes", "2"]),
    (partial(nn.BinaryCrossEntropy().check, ROWS, 0, 2), ["values", "MeanSquaredError"]),
    (partial(nn.MeanSquaredError().check, ROWS, 0, 3), ["2 values", "3 outputs"]),
    (partial(nn.MeanSquaredError().check, LABELS, 3, 2), ["3 values", "2 outputs"]),
    # too many or too few targets for three samples and one output
    *[(partial(loss, np.zeros((1, 3)), np.zeros(shape)), [shape, "1 outputs", "3 samples"]) for loss in REGRESSIONS
        for shape in [(3, 3), (1, 2), (4,), (2, 1)]],
    # targets are (B, n_out): (n_out, B) has as many numbers, but read row by row it would mix samples up
    *[(partial(loss, np.zeros((2, 3)), np.zeros((2, 3))), [(2, 3)]) for loss in REGRESSIONS],
    # one label for three samples would otherwise be repeated
    *[(partial(loss, np.zeros((2, 3)), np.array([1])), [(1,), "3 samples"]) for loss in REGRESSIONS],
    # −1 would index the last output, and in a comparison no output
    *[(partial(loss, np.zeros((2, 2)), np.array(y)), [f"labels run from {min(y)} to {max(y)}", "labels 0 to 1"])
        for loss in [nn.CrossEntropy(), nn.CrossEntropy(0.1), *REGRESSIONS] for y in [[0, -1], [2, 0], [0, 7]]],
]  # fmt: skip

NETWORKS = [
    *[(partial(nn.Network([WIDE, nn.ReLU(), NARROW]).predict, x), [x.shape, "(samples, 4)"])
        for x in [np.ones((2, 3)), np.ones(4), np.ones((1, 4, 4))]],
    (partial(nn.Network, [WIDE, nn.Linear(np.ones((2, 4)))]), ["layer 0 gives 3 outputs", "layer 1 takes 4"]),
    (partial(nn.Network, [WIDE, nn.Linear(np.ones((5, 2)))]), ["layer 0 gives 3 outputs", "layer 1 takes 2"]),
    (partial(nn.Network, [WIDE, nn.ReLU(), NARROW, nn.ReLU(), NARROW]), ["layer 1 gives 2 outputs", "layer 2 takes 3"]),
    *[(partial(nn.Network, layers), ["at least one"]) for layers in ([], [nn.ReLU()])],
    (nn.Network([HALF_DEAD, Unknown(), SUM]).compact, ["1 neurons could go before a Unknown layer"]),
    (partial(times_hessian, Unknown(), loss=nn.MeanSquaredError()), ["tangent of Unknown is not known"]),
    (partial(times_hessian, loss=Unknown()), ["tangent of Unknown is not known"]),
]  # fmt: skip

OPTIMIZERS = [
    (partial(nn.SGD, momentum=1.0), ["momentum 1.0", "[0, 1)"]), (partial(nn.SGD, momentum=-0.1), ["momentum -0.1"]),
    (partial(nn.SGD, weight_decay=-1e-4), ["weight_decay -0.0001", "[0, ∞)"]),
    (partial(nn.SGD, weight_decay=nan), ["weight_decay nan"]),
    (partial(nn.SGD, weight_decay=inf), ["inf", "∞)"]),  # the intervals that end at infinity are open there
    (partial(nn.Adam, beta1=1.0), ["beta1 1.0", "[0, 1)"]), (partial(nn.Adam, beta2=-0.5), ["beta2 -0.5"]),
    (partial(nn.Adam, epsilon=0.0), ["epsilon 0.0", "(0, ∞)"]), (partial(nn.Adam, epsilon=inf), ["inf", "∞)"]),
    (partial(nn.Adam, weight_decay=-1.0), ["weight_decay -1.0"]), (partial(nn.Adam, weight_decay=inf), ["inf", "∞)"]),
    (partial(nn.Decay, "cosin"), ["'cosin'", "cosine, linear, constant"]),
    (partial(nn.Steps, (75, 90)), ["(75, 90)", "fractions"]), (partial(nn.Steps, (0.5,), 3.0), ["3.0", "[0, 1]"]),
    (partial(nn.Warmup, -3), ["-3", "at least 1"]),
]  # fmt: skip


@pytest.mark.parametrize(("call", "words"), [*LAYERS, *LOSSES, *NETWORKS, *OPTIMIZERS])
def test_an_argument_that_makes_no_sense(call, words):
    with refused(*words):
        call()
