"""The controls: a sparse network that never changes, the dense one, and a narrower dense one of as many weights.

Static sparse training draws a random graph once and trains its weights. Every dynamic method has to beat it, and aims
for the accuracy of the dense network with all its connections.

Small-dense spends the budget on a narrower dense network instead of a sparse one (Evci et al. 2020, section 4.1). All
hidden layers are narrowed by one factor, to the widest network with no more weights than the budget. By hand:
64-256-256-10 with 845 connections: two hidden layers of h units take 64h + h² + 10h weights, 840 at h = 10, so
64-10-10-10. A sparse network that is better owes it to where its connections are, not to their number.
"""

from dataclasses import replace

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

SMALL_DENSE = replace(
    DENSE,
    name="small-dense",
    paper="Evci et al. 2020, arXiv:1911.11134",
    summary="a narrower dense network with as many weights",
    start="small-dense",
)
