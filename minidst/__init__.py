"""minidst: dynamic sparse training you can read.

A network that is sparse from its first step to its last, whose layers store active connections and nothing else. The
notation, here and everywhere:

    symbol              meaning                                             shape
    n_in, n_out, B      fan-in side, fan-out side, batch
    X (h in papers)     activations entering a layer, one column a sample   (n_in, B), C-contiguous
    W (θ)               weights; row i is output neuron i's fan-in          (n_out, n_in)
    Y, DY (δ), DX       output, ∂L/∂Y, ∂L/∂X                                (n_out, B), (n_out, B), (n_in, B)
    e = (i, j)          an active connection: output i, input j; its key is i·n_in + j
    DW[e]               ∂L/∂W[i, j] = Σ_b DY[i, b]·X[j, b], active e only   (nnz,)
    A, S, P, G          active set, candidate subset, pruned set, grown set
    f, g                sampling distributions over inputs and outputs      (n_in,), (n_out,)

The papers write θ ∈ R^{n_in×n_out}; ours is the transpose, said once here. Data that users hand in and get back is
(samples, features); `Network.predict` and the trainer transpose it, and nothing else does.
"""

from . import data, dst, formats, nn, theory, topology
from ._support import deprecated
from ._support.version import __version__
from .data import Dataset, load
from .dst import METHODS, Method, method
from .formats import COO, CSR, Condensed
from .kernels.threads import threads
from .models.mlp import mlp
from .nn import Network
from .training.checkpoint import load_run, save
from .training.config import Config
from .training.history import History
from .training.loop import Step, train
from .training.run import Run, fit

__all__ = [
    "COO", "CSR", "METHODS", "Condensed", "Config", "Dataset", "History", "Method", "Network", "Run", "Step",
    "__version__", "data", "dst", "fit", "formats", "load", "load_run", "method", "mlp", "nn", "save", "theory",
    "threads", "topology", "train",
]  # fmt: skip

deprecated.install()
