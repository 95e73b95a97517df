"""L(θ − θ_e e_e) − L(θ) = −θ_e ∇_e + O(θ_e²): SNIP's score is |θ_e ∇_e|. GraSP's is the change of ½‖∇‖².

Lee et al. 2019 (SNIP), arXiv:1810.02340, as in Nowak et al. 2023, section 3.2; Wang et al. 2020 (GraSP),
arXiv:2002.07376; proofs/snip_saliency.md.
"""

from .arrays import Number


def snip_saliency(theta: Number, grad: Number) -> Number:
    """−θ_e ∇_e: the rise of L when connection e is removed, to first order. theta, grad: any one shape."""
    return -theta * grad


def grasp_saliency(theta: Number, Hg: Number) -> Number:
    """−θ_e (H∇)_e: the rise of ½‖∇‖² when connection e is removed, to first order; ‖∇‖² rises by twice that.

    Hg: the Hessian of L times its gradient, of theta's shape.
    """
    return -theta * Hg


def removal(theta: Number, grad: Number, curvature: Number) -> Number:
    """−θ_e ∇_e + ½ θ_e² H_ee: the rise of L, exact if L is a parabola in θ_e. curvature: H_ee, of theta's shape."""
    return snip_saliency(theta, grad) + theta * theta * curvature / 2
