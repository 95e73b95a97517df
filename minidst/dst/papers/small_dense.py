"""Small-dense: spend the budget on a narrower dense network instead of a sparse one (Evci et al. 2020, section 4.1).

All hidden layers are narrowed by one factor, to the widest network with no more weights than the budget. By hand:
64-256-256-10 with 845 connections: two hidden layers of h units take 64h + h² + 10h weights, 840 at h = 10, so
64-10-10-10. If the sparse network is better, it is because of where its connections are, not how many.
"""

from ..method import Method

SMALL_DENSE = Method(
    name="small-dense",
    paper="Evci et al. 2020, arXiv:1911.11134",
    summary="a narrower dense network with as many weights",
    memory="O(nnz)",
    flops="3 f_S",
    start="small-dense",
    skip_optimizer_step=False,
    needs_dense=True,
)
