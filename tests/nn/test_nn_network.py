import numpy as np
import pytest
from builders import rng, run_batch, sparse_layer

import minidst.nn.network
from minidst import COO, CSR, mlp, nn
from minidst.formats import FORMATS
from minidst.nn.linear import REWIRING

W1 = np.array([[1.0, 2, 0, 0], [0, 3, 0, 4], [0, 0, 5, 0]], np.float32)  # 5 connections, 4 → 3
W2 = np.array([[1.0, -1, 0], [0, 2, 2]], np.float32)  # 4 connections, 3 → 2


def small(format=CSR, loss=None, first=()):
    below, above = (nn.SparseLinear(format.from_dense(W)) for W in (W1, W2))
    return nn.Network([*first, below, nn.ReLU(), above], loss)


def batch(net, B):
    """The network after one forward and backward pass of random samples."""
    draw = rng()
    X = draw.standard_normal((net.sizes[0], B))
    return run_batch(net, X.T, draw.integers(net.sizes[-1], size=B))


def test_a_network_by_hand():
    """x = (1, 0, −1, 1): W1 x = (1, 4, −5), ReLU (1, 4, 0), W2 · = (−3, 8)."""
    net = small()
    assert (net.sizes, net.connections, net.dtype, net.loss) == ((4, 3, 2), 9, np.float32, nn.CrossEntropy())
    assert [p.values.size for p in net.parameters()] == [5, 3, 4, 2]
    np.testing.assert_array_equal(net.forward(np.array([[1.0], [0], [-1], [1]], np.float32)), [[-3], [8]])
    np.testing.assert_array_equal(net.outputs([[1, 0, -1, 1]]), [[-3, 8]])
    np.testing.assert_array_equal(net.predict([[1, 0, -1, 1]]), [1])
    net.backward(np.array([[1.0], [0]], np.float32))
    below, above = net.weighted
    np.testing.assert_array_equal(above.weight.grad, [1, 4, 0, 0])  # of (0,0), (0,1), (1,1), (1,2)
    np.testing.assert_array_equal(below.weight.grad, [1, 0, 0, -1, 0])  # δ = (1, −1, 0): the third unit is off


def test_outputs_and_predict_take_samples_as_rows_and_forward_as_columns():
    net, x = small(), np.arange(12.0).reshape(3, 4)
    Y = net.forward(np.ascontiguousarray(x.T, np.float32))
    assert (Y.shape, net.outputs(x).shape) == ((2, 3), (3, 2))
    np.testing.assert_array_equal(net.outputs(x), Y.T)
    assert net.outputs(x).dtype == np.float32
    assert net.predict(x).shape == (3,)


@pytest.mark.parametrize("samples", [5, 0])
@pytest.mark.parametrize(
    ("loss", "shape", "kind"),
    [(nn.CrossEntropy(), (), "i"), (nn.BinaryCrossEntropy(), (), "i"), (nn.MeanSquaredError(), (2,), "f")],
)
def test_a_prediction_is_a_label_or_the_values_as_rows(loss, shape, kind, samples):
    guess = small(loss=loss).predict(np.ones((samples, 4)))
    assert guess.shape == (samples, *shape)
    assert guess.dtype.kind == kind


@pytest.mark.parametrize("format", [*FORMATS, "dense"])
def test_predicting_in_chunks_gives_the_same_bits_as_at_once(format, monkeypatch):
    """100 samples at once, then 32 + 32 + 32 + 4: the last chunk takes another path through vectorised loops."""
    method, format = ("dense", "csr") if format == "dense" else ("static", format)
    net = mlp((9, 12, 4), density=0.6, method=method, format=format)
    x = rng().standard_normal((100, 9)).astype(np.float32)
    widths = []
    forward = net.forward
    monkeypatch.setattr(net, "forward", lambda X: widths.append(X.shape[1]) or forward(X))
    at_once = net.outputs(x)
    monkeypatch.setattr(minidst.nn.network, "PREDICTED_AT_ONCE", 12 * 32)
    in_chunks = net.outputs(x)
    assert widths == [100, 32, 32, 32, 4]
    assert at_once.tobytes() == in_chunks.tobytes()


def test_dropout_is_on_in_training_and_off_in_prediction():
    net = small(first=[nn.Dropout(0.5, rng())])
    x = np.ones((8, 4), np.float32)
    np.testing.assert_array_equal(net.outputs(x), small().outputs(x))
    np.testing.assert_array_equal(net.outputs(x), net.outputs(x))
    training = net.forward(x.T.copy(), training=True).T
    assert (training != net.outputs(x)).any()


def test_backward_needs_no_gradient_of_the_networks_input(monkeypatch):
    net = small()
    wanted = []
    for layer in net.layers:
        seen = lambda DY, needed, of=layer.backward: wanted.append(needed) or of(DY, needed)  # noqa: E731
        monkeypatch.setattr(layer, "backward", seen)
    batch(net, 3)
    assert wanted == [True, True, False]  # last layer first


# What a float32 network 4 → 3 → 2 with 5 + 4 connections holds, in bytes, for a batch of 6.
VALUES = 4 * (5 + 3) + 4 * (4 + 2)  # weights and biases
CSR_1 = 8 * (3 + 1) + 4 * 5  # row pointer, columns; the first layer never needs its view by columns
CSR_2 = 8 * (2 + 1) + 4 * 4
CSC_2 = 8 * (3 + 1) + 4 * 4  # column pointer, rows
ACTIVATIONS = 4 * 6 * (4 + 3) + 4 * 6 * (3 + 2)  # X and DY of both layers; ReLU's output is the next layer's X
TEMPORARIES = 4 * 5 + 4 * 6 * 4  # a gradient of layer 1, and as much as its X
PARTS = ["values", "indices", "gradients", "optimizer_state", "method_state", "activations", "temporaries"]
NOTHING = dict.fromkeys(PARTS, 0)
TRAINED = {"values": VALUES, "gradients": VALUES, "activations": ACTIVATIONS, "temporaries": TEMPORARIES}


def test_memory_bytes_is_the_sum_one_can_do_by_hand():
    net = small()
    assert net.memory_bytes() == {**NOTHING, "values": VALUES, "indices": CSR_1 + CSR_2}
    batch(net, 6)
    held = {**NOTHING, **TRAINED, "indices": CSR_1 + CSR_2 + CSC_2}
    assert net.memory_bytes() == held
    nn.SGD().step(list(net.parameters()), 0.1)
    assert net.memory_bytes() == {**held, "optimizer_state": VALUES}
    net.memory = {"momentum": np.zeros(7, np.float32), "updates": 3}
    assert net.memory_bytes() == {**held, "optimizer_state": VALUES, "method_state": 28}
    assert net.state_bytes() == VALUES + VALUES + 28 + CSR_1 + CSR_2 + CSC_2
    assert all(type(number) is int for number in net.memory_bytes().values())


def test_adam_holds_two_numbers_per_parameter_and_coo_two_indices_per_connection():
    net = batch(small(COO), 6)
    nn.Adam().step(list(net.parameters()), 0.1)
    assert net.memory_bytes() == {**NOTHING, **TRAINED, "indices": 8 * 5 + 8 * 4, "optimizer_state": 2 * VALUES}


def test_a_condensed_layer_holds_one_index_per_connection_and_one_per_row():
    net = nn.Network([sparse_layer("condensed", 3, 4, 2, rng(), np.float32)])
    assert net.memory_bytes()["indices"] == 4 * 6 + 4 * 3
    assert batch(net, 5).memory_bytes()["indices"] == 4 * 6 + 4 * 3


def test_an_array_that_two_layers_keep_is_counted_once():
    net = batch(nn.Network([nn.Linear(np.eye(3, dtype=np.float32)), nn.Linear(np.eye(3, dtype=np.float32))]), 2)
    below, above = net.weighted
    assert net.memory_bytes()["activations"] == 4 * 6 * 4  # X, DY, X, DY
    above.X = below.X
    assert net.memory_bytes()["activations"] == 4 * 6 * 3


def test_a_dense_network_holds_no_indices():
    net = batch(nn.Network([nn.Linear(W1), nn.ReLU(), nn.Linear(W2)]), 6)
    values, temporaries = 4 * (12 + 3 + 6 + 2), 4 * 12 + 4 * 6 * 4
    changes = {"values": values, "gradients": values, "temporaries": temporaries}
    assert net.memory_bytes() == {**NOTHING, **TRAINED, **changes}


def test_rewiring_forgets_the_old_column_view_and_keeps_every_other_number():
    net = batch(small(), 6)
    nn.SGD().step(list(net.parameters()), 0.1)
    before = net.memory_bytes()
    net.weighted[1].rewire(np.array([0]), np.array([2]))
    temporaries = REWIRING * 4 + 4 * 6 * 4
    assert net.memory_bytes() == {**before, "indices": before["indices"] - CSC_2, "temporaries": temporaries}
