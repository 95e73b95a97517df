"""The network as a header and arrays: layers in any format, what optimizer and method remember, and the generator."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.random import PCG64, Generator
from numpy.typing import NDArray

from ...formats import FORMATS
from ...nn import Dropout, Layer, LeakyReLU, Linear, Network, Parameter, ReLU, SparseLinear
from .names import from_json, to_json

Arrays = dict[str, NDArray[Any]]


def packed(net: Network, arrays: Arrays) -> dict[str, Any]:
    """A header from which `unpacked` makes the network again, with the `arrays` that are added.

    Gradients and activations are not in it: every step computes them anew. Raises ValueError for what a file cannot
    hold: layers, losses and generators that are not minidst's or NumPy's own, and objects in the memory.
    """
    if len({id(layer) for layer in net.layers}) < len(net.layers):
        raise ValueError("a layer occurs twice in the network, which a file cannot say; give each place its own")
    generators: list[Generator] = [net.rng]
    layers = [_packed_layer(l, layer, generators, arrays) for l, layer in enumerate(net.layers)]
    memory = {}
    for number, (key, kept) in enumerate(net.memory.items()):
        where = f"net.memory[{key!r}]"
        if not isinstance(key, str):
            raise ValueError(f"{where} cannot be saved: call it by a string")
        is_array = isinstance(kept, np.ndarray)
        memory[key] = _added(arrays, f"memory{number}", kept, where) if is_array else to_json(kept, where)
    return {
        "layers": layers, "loss": to_json(net.loss, "the network's loss"), "budget": int(net.budget), "memory": memory,
        "generators": [_packed_generator(rng) for rng in generators],
    }  # fmt: skip


def unpacked(header: dict[str, Any], arrays: Arrays) -> Network:
    """The network, its arrays taken out of `arrays`. Raises ValueError, or KeyError and the like, for other headers."""
    generators = [_unpacked_generator(state) for state in header["generators"]]
    layers = [_unpacked_layer(l, given, generators, arrays) for l, given in enumerate(header["layers"])]
    net = Network(layers, from_json(header["loss"]), generators[0], counted(header["budget"], "budget"))
    for key, kept in header["memory"].items():
        is_array = isinstance(kept, dict) and "array" in kept
        net.memory[key] = arrays.pop(kept["array"]) if is_array else from_json(kept)
    return net


def counted(value: Any, name: str, most: int | None = None) -> int:
    """A whole number from 0, to `most` if given. Raises ValueError for anything else."""
    if type(value) is not int or value < 0 or (most is not None and value > most):
        limit = "" if most is None else f" to {most}"
        raise ValueError(f"{name} is {str(value)[:40]} and must be a whole number from 0{limit}")
    return value


def _packed_layer(l: int, layer: Layer, generators: list[Generator], arrays: Arrays) -> dict[str, Any]:
    kind = type(layer)
    if isinstance(layer, SparseLinear | Linear) and kind in (SparseLinear, Linear):
        given: dict[str, Any] = {"kind": kind.__name__}
        if isinstance(layer, SparseLinear):
            W = layer.W
            given["format"] = next(name for name, format in FORMATS.items() if type(W) is format)
            given["shape"] = list(W.shape)
            for name in W.__dataclass_fields__.keys() - {"shape"}:
                _added(arrays, f"layer{l}.{name}", getattr(W, name), f"layer {l}'s {name}")
        else:
            _added(arrays, f"layer{l}.values", layer.weight.values, f"layer {l}'s values")
        _added(arrays, f"layer{l}.bias", layer.bias.values, f"layer {l}'s bias")
        for name, p in (("weight", layer.weight), ("bias", layer.bias)):
            for key, array in p.state.items():
                _added(arrays, f"layer{l}.{name}.{key}", array, f"layer {l}'s {key}")
            given[name] = {"steps": p.steps, "state": list(p.state)}
        return given
    if isinstance(layer, Dropout) and kind is Dropout:
        if not any(layer.rng is rng for rng in generators):
            generators.append(layer.rng)
        number = next(n for n, rng in enumerate(generators) if layer.rng is rng)
        return {"kind": "Dropout", "p": to_json(layer.p, "p"), "generator": number}
    if isinstance(layer, LeakyReLU) and kind is LeakyReLU:
        return {"kind": "LeakyReLU", "slope": to_json(layer.slope, "slope")}
    if isinstance(layer, ReLU) and kind is ReLU:
        return {"kind": "ReLU", "in_place": layer.in_place}
    raise ValueError(f"layer {l} is a {kind.__name__}, which cannot be saved; "
                     "a file holds SparseLinear, Linear, ReLU, LeakyReLU and Dropout")  # fmt: skip


def _unpacked_layer(l: int, given: dict[str, Any], generators: list[Generator], arrays: Arrays) -> Layer:
    match given["kind"]:
        case "ReLU":
            return ReLU(given.get("in_place", False))  # of files from before there was a choice
        case "LeakyReLU":
            return LeakyReLU(from_json(given["slope"]))
        case "Dropout":
            return Dropout(from_json(given["p"]), generators[counted(given["generator"], "generator")])
        case "Linear":
            bias = arrays.pop(f"layer{l}.bias")
            layer: SparseLinear | Linear = Linear(arrays.pop(f"layer{l}.values"), bias)
        case "SparseLinear":
            format: Any = FORMATS[given["format"]]
            names = format.__dataclass_fields__.keys() - {"shape"}
            parts = {name: arrays.pop(f"layer{l}.{name}") for name in names}
            bias = arrays.pop(f"layer{l}.bias")
            layer = SparseLinear(format(tuple(given["shape"]), **parts), bias)
        case other:
            raise ValueError(f"layer {l} is a {str(other)[:40]}, which is no layer of minidst")
    if bias.dtype != layer.weight.values.dtype:
        raise ValueError(f"layer {l} has weights of {layer.weight.values.dtype} and biases of {bias.dtype}")
    for name, p in (("weight", layer.weight), ("bias", layer.bias)):
        _restore(p, given[name], f"layer{l}.{name}", arrays)
    return layer


def _restore(p: Parameter, given: dict[str, Any], name: str, arrays: Arrays) -> None:
    """What the optimizer remembers, if it is aligned to the parameter."""
    p.steps = counted(given["steps"], f"{name}'s steps")
    for key in given["state"]:
        array = arrays.pop(f"{name}.{key}")
        if array.shape != (p.values.size,) or array.dtype != p.values.dtype:
            raise ValueError(f"{name}.{key} is {array.dtype} {array.shape} beside {p.values.size} {p.values.dtype}")
        p.state[key] = array


def _added(arrays: Arrays, name: str, array: NDArray[Any], where: str) -> dict[str, str]:
    if array.dtype.kind not in "biuf":
        raise ValueError(f"{where} is an array of {array.dtype}, which cannot be saved; keep numbers in it")
    arrays[name] = array
    return {"array": name}


def _packed_generator(rng: Generator) -> dict[str, Any]:
    if type(rng.bit_generator) is not PCG64:
        kind = type(rng.bit_generator).__name__
        raise ValueError(f"the network's generator is a {kind}, which cannot be saved; use np.random.default_rng(seed)")
    return dict(rng.bit_generator.state)


def _unpacked_generator(state: Any) -> Generator:
    bits = PCG64(0)
    bits.state = state
    return Generator(bits)
