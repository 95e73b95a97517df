"""FLOPs of training for each method, the update interval that amortises a dense gradient, and ResNet-50's layers.

Evci et al. 2020 (RigL), arXiv:1911.11134, appendix A and section 3(4); proofs/train_flops.md.
"""

from collections.abc import Sequence
from math import prod

from .._support.validation import check_choice, check_interval
from .arrays import Number

NEEDED = {
    "static": ("f_S",), "set": ("f_S",), "snip": ("f_S",), "snfs": ("f_S", "f_D"), "rigl": ("f_S", "f_D", "every"),
    "gse": ("f_S", "every", "considered"), "dense": ("f_D",),
}  # fmt: skip


def train_flops(
    method: str, f_S: Number = None, f_D: Number = None, every: Number = None, considered: Number = None
) -> Number:
    """FLOPs per sample and step: 3f_S, 2f_S + f_D (snfs) or (3f_S·ΔT + 2f_S + f_D)/(ΔT + 1) (rigl).

    method: static, set, snip, snfs, rigl; gse, ours: 3f_S + 2|S|/(ΔT + 1); dense: 3f_D. f_S, f_D: one forward pass of
    the sparse and the dense network; every: ΔT; considered: |S|. A Fraction if the inputs are Fractions.
    Raises ValueError for an unknown method, or where a number is missing that it needs.
    """
    check_choice("method", method, tuple(NEEDED))
    given = {"f_S": f_S, "f_D": f_D, "every": every, "considered": considered}
    if missing := [name for name in NEEDED[method] if given[name] is None]:
        raise ValueError(f"method {method!r} needs {' and '.join(missing)}; give {'=…, '.join(missing)}=…")
    if method in ("static", "set", "snip"):
        return 3 * f_S
    if method == "dense":
        return 3 * f_D
    if method == "snfs":
        return 2 * f_S + f_D
    if method == "rigl":
        return (3 * f_S * every + 2 * f_S + f_D) / (every + 1)
    return 3 * f_S + 2 * considered / (every + 1)


def rigl_overhead(density: Number, every: Number) -> Number:
    """(1/d − 1)/(3(ΔT + 1)): RigL's FLOPs relative to a static network's, minus 1. density: d = f_S/f_D."""
    return (1 / density - 1) / (3 * (every + 1))


def amortising_interval(density: Number, overhead: Number) -> Number:
    """ΔT = (1/d − 1)/(3ε) − 1: at longer intervals RigL costs less than 1 + ε times a static network. overhead: ε."""
    return (1 / density - 1) / (3 * overhead) - 1


Layers = Sequence[tuple[tuple[int, ...], int]]
"""Each layer's shape, (n_out, n_in) or (n_out, n_in, k_h, k_w), and the number of places where it is applied."""


def resnet50(width: float = 1, first_side: int = 112) -> Layers:
    """The 54 weight layers for 224×224 images and 1000 classes, the stride in the 3×3 convolutions.

    width: factor on all channel counts but the ends'; first_side: of the first convolution's output.
    """
    check_interval("width", width, "[0.015625, ∞)", "the narrowest layer has 64 channels times it")
    n_in, side = int(64 * width), 56
    layers: list[tuple[tuple[int, ...], int]] = [((n_in, 3, 7, 7), first_side**2)]
    for channels, blocks, stride in ((64, 3, 1), (128, 4, 2), (256, 6, 2), (512, 3, 2)):
        narrow, wide = int(channels * width), int(4 * channels * width)
        for block in range(blocks):
            before = side
            if block == 0:
                side //= stride
            layers += [((narrow, n_in, 1, 1), before**2), ((narrow, narrow, 3, 3), side**2)]
            layers += [((wide, narrow, 1, 1), side**2)]
            if block == 0:
                layers += [((wide, n_in, 1, 1), side**2)]
            n_in = wide
    return [*layers, ((1000, n_in), 1)]


def forward_flops(layers: Layers, densities: Sequence[Number], per_output: int = 0) -> Number:
    """Σ_l places_l·(2·d_l·N_l + per_output·n_out): a multiplication and an addition for each connection.

    per_output: further FLOPs of each output: 1 if ReLU counts, 0 if only weights do.
    """
    if len(layers) != len(densities):
        raise ValueError(f"{len(densities)} densities and {len(layers)} layers; give one density for each layer")
    pairs = zip(layers, densities, strict=True)
    return sum(places * (2 * d * prod(shape) + per_output * shape[0]) for (shape, places), d in pairs)
