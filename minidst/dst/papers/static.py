"""The two ends of the scale: a sparse network that never changes, and the dense one.

Static sparse training draws a random graph once and trains its weights. It is the floor that every dynamic method has
to beat; the dense network with all its connections is the ceiling they aim for.
"""

from ..method import Method

STATIC = Method(
    name="static",
    paper="Mocanu et al. 2016, doi:10.1007/s10994-016-5570-z",
    summary="a random sparse graph, never changed",
    skip_optimizer_step=False,
)

DENSE = Method(
    name="dense",
    paper="—",
    summary="every connection, as the upper reference",
    start="dense",
    skip_optimizer_step=False,
    needs_dense=True,
)
