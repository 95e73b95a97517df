"""What computes: layers with hand-written gradients, losses, optimizers, schedules, and the network of them."""

from .activations import Dropout, LeakyReLU, ReLU
from .init import he_normal, hidden_bias
from .layers import Linear, SparseLinear
from .losses import LOSSES, BinaryCrossEntropy, CrossEntropy, Loss, MeanSquaredError, Weighted
from .network import Layer, Network
from .optim import SGD, Adam, Optimizer
from .parameter import Parameter
from .schedules import DECAYS, Decay, Rate, Steps, Warmup

__all__ = [
    "DECAYS",
    "LOSSES",
    "SGD",
    "Adam",
    "BinaryCrossEntropy",
    "CrossEntropy",
    "Decay",
    "Dropout",
    "Layer",
    "LeakyReLU",
    "Linear",
    "Loss",
    "MeanSquaredError",
    "Network",
    "Optimizer",
    "Parameter",
    "Rate",
    "ReLU",
    "SparseLinear",
    "Steps",
    "Warmup",
    "Weighted",
    "he_normal",
    "hidden_bias",
]
