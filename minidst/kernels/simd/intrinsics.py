"""SIMD intrinsics: the LLVM instructions that Numba compiles the functions of tiles.py to.

A tile is a value of type `Tile(dtype, count)` and in LLVM one vector, which LLVM splits into the machine's registers.
Each intrinsic below states its types, then builds the one or two instructions it stands for; nothing is checked here.
Without the JIT none of this is used.
"""
# mypy: ignore-errors

from sys import byteorder

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic, models, overload, register_model

from . import tiles
from .tiles import REGISTER_BYTES

_I32, _I64 = ir.IntType(32), ir.IntType(64)


class _TileType(types.Type):
    """Numba's type of a tile: `count` numbers of `dtype`."""

    def __init__(self, dtype, count):
        self.dtype, self.count = dtype, count
        super().__init__(name=f"Tile({dtype}, {count})")


@register_model(_TileType)
class _TileModel(models.PrimitiveModel):
    """A group of registers as one LLVM vector, which LLVM splits into those of the machine."""

    def __init__(self, manager, fe_type):
        scalar = manager.lookup(fe_type.dtype).get_value_type()
        super().__init__(manager, fe_type, ir.VectorType(scalar, fe_type.count))


def _samples(M, size):
    return len(size) * REGISTER_BYTES * 8 // M.dtype.bitwidth or 8


def _place(context, builder, kind, M, i, b, vector):
    """The address of M[i, b], as that of a vector; rows may begin anywhere, so only numbers are aligned."""
    assert kind.layout == "C", f"a tile is a piece of a row, and rows of {kind} are not in one piece"
    array = context.make_array(kind)(context, builder, M)
    columns = builder.extract_value(array.shape, 1)
    address = builder.gep(array.data, [builder.add(builder.mul(i, columns), b)])
    return builder.bitcast(address, vector.as_pointer())


def _everywhere(builder, number, vector):
    """A vector of one number."""
    first = builder.insert_element(ir.Constant(vector, ir.Undefined), number, _I32(0))
    zeros = ir.VectorType(_I32, vector.count)
    return builder.shuffle_vector(first, first, ir.Constant(zeros, [0] * vector.count))


@intrinsic
def _fill(typing, M, number, size):
    def build(context, builder, signature, arguments):
        return _everywhere(builder, arguments[1], context.get_value_type(signature.return_type))

    return _TileType(M.dtype, _samples(M, size))(M, M.dtype, size), build


@intrinsic
def _load(typing, M, i, b, size):
    def build(context, builder, signature, arguments):
        vector = context.get_value_type(signature.return_type)
        tile = builder.load(_place(context, builder, signature.args[0], *arguments[:3], vector))
        tile.align = M.dtype.bitwidth // 8
        return tile

    return _TileType(M.dtype, _samples(M, size))(M, types.intp, types.intp, size), build


@intrinsic
def _pick(typing, x, j, e, size):
    """Indices (int32) are fetched two at a time, as one 64-bit word: this product is bound by its number of loads."""

    def build(context, builder, signature, arguments):
        numbers = context.make_array(signature.args[0])(context, builder, arguments[0]).data
        indices = context.make_array(signature.args[1])(context, builder, arguments[1]).data
        words = builder.bitcast(builder.gep(indices, [arguments[2]]), _I64.as_pointer())
        vector = context.get_value_type(signature.return_type)
        tile = ir.Constant(vector, ir.Undefined)
        for pair in range(vector.count // 2):
            word = builder.load(builder.gep(words, [_I64(pair)]))
            word.align = 4
            ends = [builder.and_(word, _I64(0xFFFFFFFF)), builder.lshr(word, _I64(32))]
            for lane, end in enumerate(ends if byteorder == "little" else reversed(ends), 2 * pair):
                tile = builder.insert_element(tile, builder.load(builder.gep(numbers, [end])), _I32(lane))
        return tile

    return _TileType(x.dtype, _samples(x, size))(x, j, types.intp, size), build


@intrinsic
def _last(typing, tile, r):
    def build(context, builder, signature, arguments):
        tile, r = arguments
        places = ir.VectorType(_I64, tile.type.count)
        first = _everywhere(builder, builder.sub(_I64(places.count), r), places)
        kept = builder.icmp_signed(">=", ir.Constant(places, list(range(places.count))), first)
        return builder.select(kept, tile, ir.Constant(tile.type, [0.0] * places.count))

    return tile(tile, types.intp), build


@intrinsic
def _store(typing, tile, M, i, b):
    def build(context, builder, signature, arguments):
        tile, *place = arguments
        stored = builder.store(tile, _place(context, builder, signature.args[1], *place, tile.type))
        stored.align = M.dtype.bitwidth // 8
        return context.get_dummy_value()

    return types.void(tile, M, types.intp, types.intp), build


@intrinsic
def _add(typing, y, w, x):
    def build(context, builder, signature, arguments):
        y, w, x = arguments
        every = w if w.type == y.type else _everywhere(builder, w, y.type)
        product = builder.fmul(every, x, flags=["contract"])
        return builder.fadd(y, product, flags=["contract"])  # contracted: one fused multiply-add per register

    return y(y, y if w == y else y.dtype, x), build


@intrinsic
def _dot(typing, x, y):
    def build(context, builder, signature, arguments):
        products = builder.fmul(*arguments)
        scalar, bits = products.type.element, x.dtype.bitwidth
        kind = ir.FunctionType(scalar, [scalar, products.type])
        name = f"llvm.vector.reduce.fadd.v{products.type.count}f{bits}"
        total = cgutils.get_or_insert_function(builder.module, kind, name)
        return builder.call(total, [scalar(-0.0), products], fastmath=["reassoc", "contract"])

    return x.dtype(x, x), build


# What compiled code finds under the names of tiles.py.


@overload(tiles.samples)
def _(M, size):
    number = _samples(M, size)
    return lambda M, size: number


overload(tiles.fill)(lambda M, number, size: lambda M, number, size: _fill(M, number, size))
overload(tiles.load)(lambda M, i, b, size: lambda M, i, b, size: _load(M, i, b, size))
overload(tiles.pick)(lambda x, j, e, size: lambda x, j, e, size: _pick(x, j, e, size))
overload(tiles.last)(lambda tile, r: lambda tile, r: _last(tile, r))
overload(tiles.store)(lambda tile, M, i, b: lambda tile, M, i, b: _store(tile, M, i, b))
overload(tiles.add)(lambda y, w, x: lambda y, w, x: _add(y, w, x))
overload(tiles.dot)(lambda x, y: lambda x, y: _dot(x, y))
