"""Layers with hand-written gradients, losses, optimizers, learning-rate schedules, and networks of them."""

from .activations import Dropout, LeakyReLU, ReLU
from .layer import Layer, Parameter, he_normal, hidden_bias
from .linear import Linear, SparseLinear
from .losses import LOSSES, BinaryCrossEntropy, CrossEntropy, Loss, MeanSquaredError, Weighted
from .network import Network
from .optim import DECAYS, SGD, Adam, Decay, Optimizer, Rate, Steps, Warmup

__all__ = [
    "DECAYS", "LOSSES", "SGD", "Adam", "BinaryCrossEntropy", "CrossEntropy", "Decay", "Dropout", "Layer",
    "LeakyReLU", "Linear", "Loss", "MeanSquaredError", "Network", "Optimizer", "Parameter", "Rate", "ReLU",
    "SparseLinear", "Steps", "Warmup", "Weighted", "he_normal", "hidden_bias",
]  # fmt: skip
