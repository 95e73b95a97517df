"""A loss that stops being finite ends training with one FloatingPointError that says where, and what to do."""

from math import inf, nan

import numpy as np
import pytest
from builders import clusters, network, rewiring

from minidst import METHODS, Config, fit, train
from minidst.nn import BinaryCrossEntropy, CrossEntropy, MeanSquaredError

DYNAMIC = [name for name, record in METHODS.items() if record.dynamic]
IN_ONE_RUN = [name for name, record in METHODS.items() if not record.rounds]  # `train` refuses the others
TOY, SIZES = clusters(), (6, 16, 3)

# NumPy's own warnings about overflow come first; one test of their own is about them
overflows = pytest.mark.filterwarnings("ignore::RuntimeWarning")


@overflows
@pytest.mark.parametrize("name", IN_ONE_RUN)
def test_the_message_names_step_epoch_layer_and_remedy(name):
    method, steps = rewiring(name, every=4), []
    # at 1e6, in these runs, the loss of SRigL and the weights of DEEP R overflow before any layer's output
    lr = 1e12 if name in ("srigl", "srigl-no-ablation", "deepr") else 1e6
    with pytest.raises(FloatingPointError) as caught:
        steps.extend(train(network(SIZES, 0.5, method), TOY, method, Config(epochs=20, batch=16, lr=lr)))
    message = str(caught.value)
    assert "\n" not in message
    assert steps or name != "static"
    for words in (f"step {len(steps)} (epoch {len(steps) // 5 + 1})", "the output of layer ", f"lower lr (now {lr:g})"):
        assert words in message


@overflows
@pytest.mark.parametrize("bad", [nan, inf])
@pytest.mark.parametrize(("layers", "planted"), [(1, 0), (2, 0), (2, 1), (3, 0), (3, 1), (3, 2), (5, 1)])
def test_the_layer_named_is_the_first_that_is_not_finite(layers, planted, bad):
    net = network((6, *(8,) * (layers - 1), 3), 0.9)
    net.weighted[planted].weight.values[:] = bad  # every neuron, so that ReLU cannot hide it behind a negative one
    before = [p.values.copy() for p in net.parameters()]
    with pytest.raises(FloatingPointError, match=rf"the output of layer {planted}\b.*\bnot finite"):
        next(train(net, TOY, "static"))
    assert all(np.array_equal(p.values, old, equal_nan=True) for p, old in zip(net.parameters(), before, strict=True))


@overflows
@pytest.mark.parametrize("name", DYNAMIC)
@pytest.mark.parametrize("lr", [1e20, 1e25, 1e30, 1e35, 1e38])
def test_a_topology_update_in_the_middle_of_divergence_reports_divergence(name, lr):
    """Weights that overflow in the very step of an update would be refused by the format: a worse message."""
    method = rewiring(name, every=1, until=1.0)
    net = network((6, 3), 0.5, method)
    try:
        fit(net, TOY, method, Config(epochs=5, batch=16, lr=lr))
    except FloatingPointError as error:
        assert "step" in str(error)  # noqa: PT017 - whichever of the two happens
    else:
        assert all(np.isfinite(p.values).all() for p in net.parameters())


@pytest.mark.parametrize("name", ["static", "dense"])
@pytest.mark.parametrize("loss", [CrossEntropy(), MeanSquaredError(), BinaryCrossEntropy()])
def test_divergence_is_one_exception_and_no_numpy_warning(name, loss):
    with pytest.raises(FloatingPointError):  # under -W error a warning would get there first
        fit(network(SIZES, 0.5, name, loss=loss), TOY, name, Config(epochs=20, batch=16, lr=1e12))


@overflows
def test_a_run_that_diverges_in_its_last_step_is_reported_too():
    net = network(SIZES, 0.5, loss=MeanSquaredError())
    with pytest.raises(FloatingPointError):
        fit(net, TOY, "static", Config(epochs=1, batch=100, lr=1e30))
