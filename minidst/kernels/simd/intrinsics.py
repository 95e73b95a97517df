"""SIMD intrinsics: the LLVM instructions that Numba compiles the functions of tiles.py to.

A tile is in LLVM an array of vectors, one for each register of the machine; an instruction on a tile is one on each of
them. The last register of a ragged tile is loaded and stored under a mask, so that nothing past the row's end is read
or written, whatever lies there. Each intrinsic states its types, then builds what it stands for; nothing is checked
here. Without the JIT none of this is used.
"""
# mypy: ignore-errors

from dataclasses import replace
from functools import cached_property
from sys import byteorder

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.core.imputils import lower_constant
from numba.extending import (
    NativeValue,
    intrinsic,
    models,
    overload,
    overload_attribute,
    register_model,
    unbox,
)

from . import tiles

_I32, _I64 = ir.IntType(32), ir.IntType(64)


class _SizeType(types.Type):
    """Numba's type of one size: there is nothing to know at run time."""

    def __init__(self, size):
        self.size = replace(size)  # a copy: the size itself holds this type, and a cached kernel could not be unpickled
        super().__init__(name=str(size))


register_model(_SizeType)(models.OpaqueModel)
unbox(_SizeType)(lambda kind, size, c: NativeValue(c.context.get_dummy_value()))
lower_constant(_SizeType)(lambda context, builder, kind, size: context.get_dummy_value())
tiles.Size._numba_type_ = cached_property(_SizeType)  # where Numba looks first
tiles.Size._numba_type_.__set_name__(tiles.Size, "_numba_type_")
overload_attribute(_SizeType, "samples")(lambda size: _constant(size.size.samples))


def _constant(number):
    return lambda size: number


class _TileType(types.Type):
    """Numba's type of a tile of this dtype and size."""

    def __init__(self, dtype, size):
        self.dtype, self.size = dtype, size
        super().__init__(name=f"Tile({dtype}, {size})")


@register_model(_TileType)
class _TileModel(models.PrimitiveModel):
    """An array of vectors."""

    def __init__(self, manager, kind):
        vector = ir.VectorType(manager.lookup(kind.dtype).get_value_type(), kind.size.lanes)
        super().__init__(manager, kind, ir.ArrayType(vector, kind.size.registers))


def _registers(builder, tile):
    return [builder.extract_value(tile, r) for r in range(tile.type.count)]


def _tile(builder, kind, registers):
    tile = ir.Constant(kind, ir.Undefined)
    for r, register in enumerate(registers):
        tile = builder.insert_value(tile, register, r)
    return tile


def _zeros(vector):
    return ir.Constant(vector, [0.0] * vector.count)


def _everywhere(builder, number, vector):
    """A vector of one number."""
    first = builder.insert_element(ir.Constant(vector, ir.Undefined), number, _I32(0))
    return builder.shuffle_vector(first, first, ir.Constant(ir.VectorType(_I32, vector.count), [0] * vector.count))


def _bytes(number):
    """Of a number of this LLVM type; all that is known of an address is that it is a multiple of them."""
    return 8 if isinstance(number, ir.DoubleType) else 4


def _places(context, builder, kind, M, i, b, tile):
    """The addresses of a tile's registers at M[i, b], and a mask: which lanes of the last one are in the row."""
    assert kind.layout == "C", f"a tile is a piece of a row, and rows of {kind} are not in one piece"
    array = context.make_array(kind)(context, builder, M)
    columns, vector = builder.extract_value(array.shape, 1), tile.element
    first = builder.gep(array.data, [builder.add(builder.mul(i, columns), b)])
    addresses = [builder.bitcast(builder.gep(first, [_I64(r * vector.count)]), vector.as_pointer())
                 for r in range(tile.count)]  # fmt: skip
    left = builder.trunc(builder.sub(builder.sub(columns, b), _I64((tile.count - 1) * vector.count)), _I32)
    lanes = ir.VectorType(_I32, vector.count)
    numbered = ir.Constant(lanes, list(range(vector.count)))
    return addresses, builder.icmp_signed("<", numbered, _everywhere(builder, left, lanes))


def _masked(builder, name, result, vector, arguments):
    """Call LLVM's masked load or store of a vector."""
    kind = ir.FunctionType(result, [argument.type for argument in arguments])
    name = f"llvm.masked.{name}.v{vector.count}f{8 * _bytes(vector.element)}.p0"
    return builder.call(cgutils.get_or_insert_function(builder.module, kind, name), arguments)


@intrinsic
def _fill(typing, M, number, size):
    def build(context, builder, signature, arguments):
        tile = context.get_value_type(signature.return_type)
        return _tile(builder, tile, [_everywhere(builder, arguments[1], tile.element)] * tile.count)

    return _TileType(M.dtype, size.size)(M, M.dtype, size), build


@intrinsic
def _load(typing, M, i, b, size):
    def build(context, builder, signature, arguments):
        tile = context.get_value_type(signature.return_type)
        addresses, mask = _places(context, builder, signature.args[0], *arguments[:3], tile)
        vector, align = tile.element, _bytes(tile.element.element)
        registers = []
        for address in addresses[:-1] if size.size.ragged else addresses:
            registers.append(builder.load(address))
            registers[-1].align = align
        if size.size.ragged:
            arguments = [addresses[-1], _I32(align), mask, _zeros(vector)]
            registers.append(_masked(builder, "load", vector, vector, arguments))
        return _tile(builder, tile, registers)

    return _TileType(M.dtype, size.size)(M, types.intp, types.intp, size), build


@intrinsic
def _pick(typing, x, j, e, size):
    """Indices (int32) are fetched two at a time, as one 64-bit word: this product is bound by its number of loads."""

    def build(context, builder, signature, arguments):
        numbers = context.make_array(signature.args[0])(context, builder, arguments[0]).data
        indices = context.make_array(signature.args[1])(context, builder, arguments[1]).data
        words = builder.bitcast(builder.gep(indices, [arguments[2]]), _I64.as_pointer())
        tile = context.get_value_type(signature.return_type)
        picked = ir.Constant(tile.element, ir.Undefined)
        for pair in range(tile.element.count // 2):
            word = builder.load(builder.gep(words, [_I64(pair)]))
            word.align = 4
            ends = [builder.and_(word, _I64(0xFFFFFFFF)), builder.lshr(word, _I64(32))]
            for lane, end in enumerate(ends if byteorder == "little" else reversed(ends), 2 * pair):
                picked = builder.insert_element(picked, builder.load(builder.gep(numbers, [end])), _I32(lane))
        return _tile(builder, tile, [picked])

    return _TileType(x.dtype, size.size)(x, j, types.intp, size), build


@intrinsic
def _last(typing, tile, r):
    def build(context, builder, signature, arguments):
        tile, r = arguments
        [register] = _registers(builder, tile)
        places = ir.VectorType(_I64, register.type.count)
        first = _everywhere(builder, builder.sub(_I64(places.count), r), places)
        kept = builder.icmp_signed(">=", ir.Constant(places, list(range(places.count))), first)
        return _tile(builder, tile.type, [builder.select(kept, register, _zeros(register.type))])

    return tile(tile, types.intp), build


@intrinsic
def _store(typing, tile, M, i, b):
    def build(context, builder, signature, arguments):
        value, *place = arguments
        addresses, mask = _places(context, builder, signature.args[1], *place, value.type)
        registers, align = _registers(builder, value), _bytes(value.type.element.element)
        if tile.size.ragged:
            last = [registers.pop(), addresses.pop(), _I32(align), mask]
            _masked(builder, "store", ir.VoidType(), value.type.element, last)
        for register, address in zip(registers, addresses, strict=True):
            builder.store(register, address).align = align
        return context.get_dummy_value()

    return types.void(tile, M, types.intp, types.intp), build


@intrinsic
def _add(typing, y, w, x):
    def build(context, builder, signature, arguments):
        y, w, x = arguments
        registers = w.type == y.type
        factors = _registers(builder, w) if registers else [_everywhere(builder, w, y.type.element)] * y.type.count
        sums = []
        for a, b, c in zip(_registers(builder, y), factors, _registers(builder, x), strict=True):
            product = builder.fmul(b, c, flags=["contract"])
            sums.append(builder.fadd(a, product, flags=["contract"]))  # contracted: one fused multiply-add
        return _tile(builder, y.type, sums)

    return y(y, y if w == y else y.dtype, x), build


@intrinsic
def _dot(typing, x, y):
    """Registers are added in halves, the first to the fifth and so on; then the lanes of the one that is left."""

    def build(context, builder, signature, arguments):
        sums = [builder.fmul(a, b, flags=["contract"])
                for a, b in zip(*(_registers(builder, tile) for tile in arguments), strict=True)]  # fmt: skip
        while len(sums) > 1:
            half = (len(sums) + 1) // 2
            pairs = zip(sums, sums[half:], strict=False)  # of an odd number, one has no partner
            sums = [builder.fadd(a, b, flags=["contract"]) for a, b in pairs] + sums[len(sums) - half : half]
        [register] = sums
        while register.type.count > 4:  # LLVM would keep all lanes of a wide register busy to the end
            half = register.type.count // 2
            lanes = [ir.Constant(ir.VectorType(_I32, half), list(range(k, k + half))) for k in (0, half)]
            low, high = (builder.shuffle_vector(register, register, each) for each in lanes)
            register = builder.fadd(low, high, flags=["contract"])
        scalar = register.type.element
        kind = ir.FunctionType(scalar, [scalar, register.type])
        name = f"llvm.vector.reduce.fadd.v{register.type.count}f{8 * _bytes(scalar)}"
        total = cgutils.get_or_insert_function(builder.module, kind, name)
        return builder.call(total, [scalar(-0.0), register], fastmath=["reassoc", "contract"])

    return x.dtype(x, x), build


# What compiled code finds under the names of tiles.py.

overload(tiles.fill)(lambda M, number, size: lambda M, number, size: _fill(M, number, size))
overload(tiles.load)(lambda M, i, b, size: lambda M, i, b, size: _load(M, i, b, size))
overload(tiles.pick)(lambda x, j, e, size: lambda x, j, e, size: _pick(x, j, e, size))
overload(tiles.last)(lambda tile, r: lambda tile, r: _last(tile, r))
overload(tiles.store)(lambda tile, M, i, b: lambda tile, M, i, b: _store(tile, M, i, b))
overload(tiles.add)(lambda y, w, x: lambda y, w, x: _add(y, w, x))
overload(tiles.dot)(lambda x, y: lambda x, y: _dot(x, y))
