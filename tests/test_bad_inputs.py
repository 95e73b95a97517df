"""Whatever is handed in that makes no sense is refused in one line that names it and says what would do."""

import importlib
import shlex
from functools import partial
from math import inf, nan

import numpy as np
import pytest
import scipy.sparse
from matplotlib.figure import Figure

from minidst import (
    COO,
    CSR,
    Condensed,
    Config,
    Dataset,
    History,
    Network,
    Run,
    fit,
    load,
    load_run,
    method,
    mlp,
    nn,
    plots,
    save,
    theory,
    threads,
    topology,
    train,
)
from minidst.analysis.exercise import check
from minidst.cli.main import main
from minidst.dst import Constant, Cosine, GuidedSample, LinearDecay, Schedule, Score, prune
from minidst.dst.papers.criteria import combination
from minidst.dst.papers.gse.distributions import grabo
from minidst.experiments.compare import compare
from minidst.experiments.report import read
from minidst.experiments.sweep import load_study

pytestmark = pytest.mark.small

LONGEST = 200  # letters of a message
rng = np.random.default_rng(0)
x, y = rng.standard_normal((12, 6)), np.arange(12) % 3
ones = partial(np.ones, dtype=np.float32)
W = CSR.from_dense(ones((2, 3)))


def toy(**changes):
    parts = {"x_train": x, "y_train": y, "x_test": x, "y_test": y, "classes": 3, "name": "toy"}
    return Dataset(**(parts | changes))


def network(**changes):
    options = {"sizes": (6, 8, 3), "density": 0.5} | changes
    return mlp(options.pop("sizes"), **options)


def csr(**changes):
    return CSR(**({"shape": (2, 3), "indptr": [0, 1, 2], "indices": [0, 1], "values": np.ones(2)} | changes))


def coo(**changes):
    return COO(**({"shape": (2, 3), "rows": [0, 1], "cols": [0, 1], "values": np.ones(2)} | changes))


def condensed(**changes):
    return Condensed(**({"shape": (2, 3), "indices": [[0], [1]], "values": np.ones((2, 1))} | changes))


def layer(**changes):
    return nn.SparseLinear(**({"W": W} | changes))


def net_of(*layers, **changes):
    return Network(list(layers) or [nn.Linear(ones((2, 2)))], **changes)


def two_layers(sizes, other):
    return Network([nn.Linear(ones(sizes)), nn.ReLU(), nn.Linear(ones(other))])


def compared(**changes):
    return compare(**({"data": toy(), "methods": ["static"], "hidden": [4], "density": 0.5, "seeds": 1} | changes))


def fitted(**changes):
    from minidst.estimator import SparseMLPClassifier  # scikit-learn takes a second to import

    return SparseMLPClassifier(**({"hidden_layer_sizes": (5,), "max_iter": 2} | changes)).fit(x, y)


def started(start, **changes):
    return start(**({"net": network(), "data": toy(), "method": "rigl"} | changes))


def kept_and_loaded(data):
    save(Run(network(), toy(), "rigl"), "run")
    load_run("run", data)


def rewired(drop=(), born=(), values=0.0):
    return topology.rewire(CSR.from_dense(np.eye(3)), np.array(drop, int), np.array(born), values)


rigl, warm = partial(method, "rigl"), partial(nn.Warmup, after=nn.Decay())
guided, sgd, adam = partial(GuidedSample, grabo), nn.SGD, nn.Adam
RIGHT = "(0, 1]"

# function, the argument, its value, which the message must quote, and what it must offer
ARGUMENTS = [
    # a network
    (network, "sizes", 5, "at least 1"),
    (network, "sizes", None, "an input and an output size"),
    (network, "sizes", "6,8,3", "a whole number"),
    (network, "sizes", (), "an input and an output size"),
    (network, "sizes", (6,), "an input and an output size"),
    (network, "sizes", (6, 0, 3), "at least 1"),
    (network, "sizes", (6, -2, 3), "at least 1"),
    (network, "sizes", (6, 8.5, 3), "whole number"),
    (network, "sizes", (6, True, 3), "whole number"),
    (network, "sizes", (6, nan, 3), "whole number"),
    (network, "sizes", {6, 8}, "an input and an output size"),  # in no order
    (network, "sizes", (6, 8, 2**40), "at most 2147483647"),
    (network, "density", 0, RIGHT),
    (network, "density", -1, RIGHT),
    (network, "density", 1.5, RIGHT),
    (network, "density", nan, RIGHT),
    (network, "density", inf, RIGHT),
    (network, "density", True, RIGHT),
    (network, "density", None, RIGHT),
    (network, "density", "0.5", RIGHT),
    (network, "density", [0.5], RIGHT),
    (network, "density", np.float64(0), RIGHT),
    (partial(network, method="dense"), "density", -1, RIGHT),
    (network, "method", "rigel", "rigl"),
    (network, "method", None, "`minidst methods` lists all"),
    (network, "method", ["rigl"], "rigl"),
    (network, "allocation", "erq", "uniform, er, erk"),
    (network, "allocation", ["erk"], "uniform, er, erk"),
    (network, "format", "csc", "coo, csr, condensed"),
    (network, "format", ["csr"], "coo, csr, condensed"),
    (network, "seed", -1, "whole number"),
    (network, "seed", 1.5, "whole number"),
    (network, "seed", None, "at least 0"),
    (network, "seed", np.int64(-1), "at least 0"),
    (network, "dtype", np.float16, "float32 or float64"),
    (network, "dtype", "banana", "float32 or float64"),
    (network, "loss", "mse", "MeanSquaredError()"),
    (network, "loss", nn.CrossEntropy, "CrossEntropy()"),  # the class, not one of its objects
    (net_of, "rng", 0, "default_rng"),
    (net_of, "budget", 1.5, "whole number"),
    (Network, "layers", None, "a list of layers"),
    # how to train
    (Config, "epochs", 0, "at least 1"),
    (Config, "epochs", 2.5, "whole number"),
    (Config, "epochs", "3", "whole number"),
    (Config, "epochs", True, "whole number"),
    (Config, "batch", -1, "at least 1"),
    (Config, "batch", np.float32(32), "whole number"),
    (Config, "lr", 0, "0.1 is a good start"),
    (Config, "lr", nan, "(0, ∞)"),
    (Config, "lr", inf, "(0, ∞)"),
    (Config, "lr", "0.1", "(0, ∞)"),
    (Config, "lr", np.array([0.1, 0.2]), "(0, ∞)"),
    (Config, "lr", 10**400, "(0, ∞)"),
    (Config, "rate", "cosine", "Decay"),
    (Config, "optimizer", "adam", "Adam()"),
    (Config, "optimizer", nn.Adam, "Adam()"),
    (Config, "validation", 1, "[0, 1)"),
    (Config, "validation", nan, "[0, 1)"),
    (Config, "validation", None, "[0, 1)"),
    (partial(Config, validation=0.1), "patience", 0, "at least 1"),
    (partial(Config, validation=0.1), "patience", 2.5, "whole number"),
    (Config, "patience", 3, "validation=0.1"),
    (sgd, "momentum", 1, "[0, 1)"),
    (sgd, "momentum", "0.9", "[0, 1)"),
    (sgd, "weight_decay", inf, "[0, ∞)"),
    (sgd, "nesterov", "yes", "True or False"),
    (adam, "beta1", -0.1, "[0, 1)"),
    (adam, "beta2", 1, "[0, 1)"),
    (adam, "epsilon", 0, "(0, ∞)"),
    (adam, "weight_decay", None, "[0, ∞)"),
    (nn.Steps, "milestones", (75,), "fractions of training"),
    (nn.Steps, "milestones", 0.5, "a tuple"),
    (nn.Steps, "factor", 3.0, "[0, 1]"),
    (nn.Decay, "kind", "cosin", "cosine, linear, constant"),
    (warm, "steps", 1.5, "whole number"),
    (partial(nn.Warmup, 5), "after", "cosine", "Decay"),
    (nn.CrossEntropy, "label_smoothing", 1, "[0, 1)"),
    (nn.LeakyReLU, "slope", "0.1", "[0, 1)"),
    (partial(nn.Dropout, 0.5), "rng", 0, "default_rng"),
    (layer, "W", np.ones((2, 3)), "CSR.from_dense"),
    (layer, "b", np.array([nan, 0], np.float32), "finite"),
    # when, where and what to exchange
    (Schedule, "alpha", 0, RIGHT),
    (Schedule, "alpha", nan, RIGHT),
    (Schedule, "alpha", "0.3", RIGHT),
    (Schedule, "every", 0, "'epoch'"),
    (Schedule, "every", 2.5, "whole number"),
    (Schedule, "every", "step", "'epoch'"),
    (Schedule, "every", True, "whole number"),
    (Schedule, "until", 1.5, RIGHT),
    (Schedule, "until", None, RIGHT),
    (Schedule, "decay", "cosine", "a function"),
    (Schedule, "first", 0, "at least 1"),
    (partial(Cosine, every=100), "alpha", -0.3, RIGHT),
    (partial(LinearDecay, 0.3), "every", "epochs", "'epoch'"),
    (partial(Constant, 0.3, 100), "until", 2, RIGHT),
    (guided, "gamma", 0, "(0, ∞)"),
    (guided, "gamma", None, "(0, ∞)"),
    (partial(guided, per="pruned"), "gamma", 0.5, "at least 1"),
    (guided, "per", "all", "active, pruned"),
    (GuidedSample, "distribution", "grabo", "grabo"),
    (partial(Score, "mine"), "values", 3, "a function"),
    (rigl, "schedule", "cosine", "dst.Cosine"),
    (rigl, "round", "up", "'floor', 'ceil', 'nearest'"),
    (rigl, "round", ["floor"], "'floor', 'ceil', 'nearest'"),
    (rigl, "scope", "all", "'layer', 'global'"),
    (rigl, "order", "both", "'prune_then_grow'"),
    (rigl, "start", "thick", "'sparse', 'dense'"),
    (rigl, "format", "csc", "'csr', 'coo', 'condensed'"),
    (rigl, "prune", "snip", "a function"),
    (rigl, "initial_weight", None, "a function"),
    (rigl, "begin", "now", "a function"),
    (rigl, "score", prune.snip, "dst.Score"),
    (rigl, "update_step", "2", "give a function of minidst.dst"),
    (rigl, "rounds", 0.5, "[0, 1)"),
    (rigl, "rounds", (0.9, 0.5), "that rise"),
    (rigl, "needs_dense", "yes", "True or False"),
    (rigl, "name", "", "a text"),
    (partial(combination, growth="random"), "prune", "snap", "magnitude, per_sign"),
    (partial(combination, "snip"), "growth", "rand", "random, gradient"),
    # data
    (load, "name", "digitz", "did you mean digits?"),
    (load, "name", ["digits"], "choose one of digits"),
    (partial(load, "csv"), "path", 3, "the name of a file"),
    (partial(load, "csv"), "path", "folder", "comma-separated"),
    (partial(load, "npz"), "path", "missing.npz", "No such file"),
    (partial(load, "npz"), "path", "a-file", "np.savez_compressed"),
    (partial(load, "mnist"), "data_dir", "missing", "--data-dir"),
    (toy, "name", None, "a text"),
    (toy, "classes", 1, "2 or more"),
    (toy, "classes", "3", "2 or more"),
    (toy, "classes", True, "2 or more"),
    (toy, "dtype", np.float16, "float32 or float64"),
    (toy, "x_train", [[1, 2], [3]], "rows of one length"),
    (partial(started, train), "net", None, "minidst.mlp"),
    (partial(started, fit), "data", "digits", "minidst.load"),
    (partial(started, Run), "data", (1, 2), "minidst.load"),
    (partial(started, train), "method", None, "`minidst methods` lists all"),
    (partial(started, fit), "config", {"epochs": 3}, "minidst.Config"),
    (partial(started, Run), "notes", 3, "a dict"),
    (threads, "n", 0, "from 1 to 1024"),
    (threads, "n", 1025, "from 1 to 1024"),
    (threads, "n", 1.5, "whole number"),
    (threads, "n", "2", "whole number"),
    (threads, "n", True, "whole number"),
    # matrices and graphs
    *((make, "shape", shape, "whole numbers from 1 to 2147483647")
      for make, shape in [(csr, ("2", "3")), (coo, (True, 3)), (condensed, None), (csr, (2, 2**31)), (coo, (2.0, 3))]),
    (coo, "rows", [[0], [1, 2]], "rows of one length"),
    (CSR.from_dense, "dense", [[1, 2], [3]], "rows of one length"),
    (W.to, "format", "coo", "COO, CSR or Condensed"),
    *((partial(topology.allocate, density=0.5), "shapes", shapes, "(n_out, n_in)")
      for shapes in [[], None, [(2.5, 3)], [(2,)], [(0, 3)], [(2**31, 3)], [(2, 3, 1)]]),
    (partial(topology.allocate, [(2, 3)]), "density", "0.5", RIGHT),
    (partial(topology.constant_fan_in, 3, 3, rng=rng), "k", 4, "from 0 to 3"),
    (partial(topology.constant_fan_in, 3, 3, rng=rng), "k", 1.5, "whole number"),
    (partial(topology.bernoulli, 3, 3, rng=rng), "p", nan, "[0, 1]"),
    (partial(topology.gnm, 3, 3, 2), "rng", 0, "default_rng"),
    (partial(topology.distinct, n=3, rng=rng), "counts", [1.5], "whole numbers"),
    (partial(topology.apportion, weights=[1, 1], room=[2, 2]), "total", -1, "at least 0"),
    (partial(topology.apportion, 2, room=[2, 2]), "weights", np.array([nan, 1.0]), "finite"),
    # studies of several methods, and pictures
    (compared, "methods", "rigl", "['rigl']"),
    (compared, "methods", [], "at least one"),
    (compared, "hidden", 8, "[256, 256]"),
    (compared, "seeds", 1.5, "whole number"),
    (compared, "data", "digits", "minidst.load"),
    (compared, "config", {}, "minidst.Config"),
    (load_study, "path", None, "the name of a file"),
    (load_run, "path", None, "the name of a file"),
    (read, "path", "missing", "`minidst sweep` makes such a file"),
    (partial(plots.save, path="a.png"), "figure", None, "Matplotlib"),
    (partial(plots.save, Figure()), "path", None, "the name of a file"),
    (History("m", "d").to_csv, "path", 3, "the name of a file"),
    (plots.learning_curves, "runs", None, "a dict of lists"),
    (plots.layer_densities, "history", History("m", "d"), "at least one epoch"),
    (partial(check, abs, abs, (1,)), "rtol", nan, "[0, 1)"),
    # an estimator's parameters, by their own names
    (fitted, "max_iter", 0, "at least 1"),
    (fitted, "max_iter", 1.5, "whole number"),
    (fitted, "max_iter", True, "whole number"),
    (fitted, "batch_size", "all", "'auto'"),
    (fitted, "batch_size", np.array([1, 2]), "'auto'"),
    (fitted, "learning_rate_init", 0.0, "(0, ∞)"),
    (fitted, "learning_rate", "adaptive", "constant, linear, cosine"),
    (fitted, "solver", "lbfgs", "'adam' or 'sgd'"),
    (fitted, "tol", -1, "[0, ∞)"),
    (fitted, "n_iter_no_change", nan, "or infinity"),
    (fitted, "validation_fraction", 1.0, "(0, 1)"),
    (fitted, "hidden_layer_sizes", (5, 0), "at least 1"),
    (fitted, "density", None, RIGHT),
    (fitted, "method", "rigel", "rigl"),
    (fitted, "method", 3, "minidst.METHODS"),
    (fitted, "method", "lottery", "minidst.fit"),
    (fitted, "allocation", "even", "uniform, er, erk"),
    (fitted, "format", ["csr"], "coo, csr, condensed"),
    (fitted, "momentum", None, "[0, 1)"),
    (fitted, "beta_2", 1, "[0, 1)"),
    (fitted, "weight_decay", "0", "[0, ∞)"),
    (fitted, "warm_start", "no", "True or False"),
    # closed forms
    (partial(theory.cosine_schedule, 1), "T_end", 0, "(0, ∞)"),
    (partial(theory.cosine_schedule, T_end=12), "t", "1", "numbers"),
    (partial(theory.gradual_schedule, 0, every=1, s_f=0.9), "n", 0, "at least 1"),
    (partial(theory.gradual_schedule, 0, 1, 1), "s_f", 1.5, "[0, 1]"),
    (partial(theory.erk_densities, [(2, 3)]), "density", "0.5", RIGHT),
    (partial(theory.erk_densities, [(2, 3)], 0.5), "kind", "erq", "uniform, er, erk"),
    (partial(theory.erk_densities, density=0.5), "shapes", [(0, 3)], "one or more"),
    (partial(theory.expected_itop, active=0, grown=[], regrow_pruned=True), "places", 0, "[1, ∞)"),
    (partial(theory.expected_jaccard, 3, b=1), "a", -1, "[0, 3]"),
    (partial(theory.four_wise_signs, 2), "p", 0, "odd prime"),
    (theory.product_bound, "q", 4, "an odd number"),
    (partial(theory.gse_limits, n=1, k=1), "absent", -3, "from 0"),
    (partial(theory.uniform_sample, 3, 1), "m", -1, "at least 0"),
    (partial(theory.outputs_without_input, 2, 3), "nnz", 7, "from 0 to 6"),
    (partial(theory.uniform_gamma, 4, wanted=1), "active", 0, "from 1 to 4"),
    (partial(theory.hit_probability, g=np.ones(2), m=1), "f", np.zeros(2), "not all 0"),
    (partial(theory.train_flops, f_S=1), "method", "pruning", "static, set, snip"),
    (theory.resnet50, "width", 0, "∞"),
]  # fmt: skip

# call, the values that the message must name, what it must offer
CALLS = [
    (lambda: network(density=0.01), ["density 0.01", "layer 1 (3×8)", "0 connections"], "raise density to ≥"),
    (lambda: mlp((10**6, 10**6), density=0.5), ["1000000×1000000", 5 * 10**11], "a lower density"),
    (lambda: mlp((10**6, 10**6), density=0.5, method="dense"), [10**12], "a method that starts sparse"),
    (lambda: mlp((10**5, 10**5, 9), density=0.9, method="srigl"), ["100000×100000"], "a lower density"),
    (lambda: network(format="condensed"), ["'rigl'", "'condensed'"], "format='csr'"),
    (lambda: network(method="srigl", format="csr"), ["'srigl'", "'csr'"], "format='condensed'"),
    (lambda: method("gse-grab"), ["'gse-grab'"], "gse-grabo"),
    (lambda: method(3), ["3"], "one such as static"),
    (lambda: net_of(nn.ReLU), ["layers[0]", "ReLU"], "forward, backward and parameters"),
    (lambda: Network([]), ["none"], "at least one SparseLinear or Linear"),
    (lambda: two_layers((4, 3), (2, 5)), ["layer 0", "4 outputs", "layer 1"], "takes 5"),
    (lambda: layer(b=np.zeros(3)), ["(3,)"], "needs (2,)"),
    (lambda: nn.Linear(ones((3, 2)), np.zeros(2)), ["(2,)"], "needs (3,)"),
    (lambda: nn.Linear("x"), ["<U1"], "float32 or float64"),
    (lambda: nn.Linear(np.empty((0, 3))), ["(0, 3)"], "finite (n_out, n_in)"),
    (lambda: network().predict(np.zeros((4, 5))), ["(4, 5)"], "(samples, 6)"),
    (lambda: network().predict(np.zeros(6)), ["(6,)"], "(samples, 6)"),
    (lambda: network().outputs([["a"] * 6]), ["<U1"], "convert it to float32"),
    (lambda: network().predict(np.full((1, 6), nan)), ["x[0, 0] is nan"], "fill the gap"),
    (lambda: nn.CrossEntropy()(np.zeros((3, 2)), np.array([0, 3])), ["0 to 3"], "labels 0 to 2"),
    (lambda: nn.CrossEntropy()(np.zeros((3, 2)), np.array([0.5, 1])), ["float64"], "a whole number"),
    (lambda: nn.CrossEntropy()(np.zeros((3, 2)), np.array([0])), ["(1,)"], "each of 2 samples"),
    (lambda: nn.MeanSquaredError()(np.zeros((1, 2)), np.array(["a", "b"])), ["<U1"], "give numbers"),
    (lambda: nn.Dropout(1, rng), ["dropout 1"], "[0, 1)"),
    (lambda: warm(0), ["steps 0"], "at least 1"),
    (lambda: prune.snip(np.ones(3), np.ones(2)), ["(2,)", "(3,)"], "gradient of each weight"),
    (lambda: prune.mest(np.ones(3), None), ["()", "(3,)"], "as backward leaves it"),
    (lambda: rigl(colour=1), ["'rigl'", "colour"], "see `minidst.dst.Method`"),
    (lambda: rigl(order="grow_then_prune"), ["'rigl'"], "regrow_pruned=False"),
    (lambda: method("static", prune=prune.magnitude), ["'static'"], "set prune and candidates"),
    (lambda: rigl(score=None), ["'rigl'"], "random_absent"),
    (lambda: rigl(keep_value_on_regrow=True, regrow_pruned=False), ["'rigl'"], "regrow_pruned=False"),
    (lambda: started(train, method=rigl(schedule=Cosine(0.3, 1000))), ["every 1000 steps", "of 30"], "lower the"),
    (lambda: started(fit, method=rigl(schedule=Cosine(0.3, 29))), ["every 29 steps", "until 75%"], "more epochs"),
    (lambda: started(fit, method=rigl(schedule=Cosine(0.3, 1, first=31))), ["from step 31"], "more epochs"),
    (lambda: started(train, net=network(method="dense")), ["'rigl'"], "use method 'dense'"),
    (lambda: started(train, method="lottery", net=network(method="lottery")), ["'lottery'"], "call fit"),
    (lambda: started(fit, config=Config(validation=0.001)), ["0.001", "12"], "choose another share"),
    (lambda: load("csv"), ["csv"], "path="),
    (lambda: load("digits", path="mine.csv"), ["digits", "path="], "no keywords"),
    (lambda: toy(x_train=x * nan), ["x_train[0, 0] is nan"], "fill the gap"),
    (lambda: toy(x_train=x[:, 0]), ["(12,)"], "(samples, columns)"),
    (lambda: toy(x_test=x[:, :2]), ["6 columns", "2"], "the same columns"),
    (lambda: toy(x_train=np.empty((0, 6))), ["(0, 6)"], "at least one sample"),
    (lambda: toy(x_train=x.astype(complex)), ["complex128"], "convert it"),
    (lambda: toy(y_train=y + 1), ["y_train[2] is 3", "0..2"], "raise classes"),
    (lambda: toy(y_test=y - 1), ["y_test[0] is -1", "0..2"], "number the classes from 0"),
    (lambda: toy(y_train=y[:3]), ["12 samples", "3"], "one y per x"),
    (lambda: toy(y_train=y / 2), ["float64"], ".astype(int)"),
    (lambda: toy(weights=-ones(12)), ["-1.0"], "at least 0"),
    (lambda: csr(indptr=None), ["indptr", "object"], "integers"),
    (lambda: csr(indices="01"), ["indices", "<U2"], "integers"),
    (lambda: csr(values=["a", "b"]), ["values", "<U1"], "float32 or float64"),
    (lambda: coo(rows=[1, 1], cols=[2, 2]), ["0 (1, 2)", "1 (1, 2)"], "each once"),
    (lambda: csr(indptr=[0, 2, 2], indices=[1, 0]), ["(0, 1)", "(0, 0)"], "sort them"),
    (lambda: condensed(rows=[5, 6]), ["5 to 6"], "0 to 1"),
    (lambda: Condensed.from_dense([[0, 1], [1, 1]]), ["row 0 has 1", "row 1 has 2"], "use CSR"),
    (lambda: CSR.from_dense(None), ["0 dimensions"], "2-D"),
    (lambda: COO.from_scipy(np.eye(2)), ["ndarray"], "from_dense"),
    (lambda: CSR.from_scipy(scipy.sparse.csr_array((2, 0))), ["(2, 0)"], "from 1"),
    *((partial(format.from_dense(ones((2, 3))).__matmul__, X), words, remedy)
      for format in (COO, CSR, Condensed)
      for X, words, remedy in [(ones((2, 4)), ["(2, 4)"], "(3, B)"), (np.ones((3, 4)), ["float64"], ".astype('float32"),
                               ([[1], [2, 3]], ["[[1], [2, 3]]"], "rows of one length")]),
    (lambda: W.T @ ones((3, 4)), ["(3, 4)"], "(2, B)"),
    (lambda: W.grad(ones((2, 4)), ones((3, 5))), ["4 samples", "5"], "one column per sample"),
    (lambda: W.affine(ones((3, 2)), ones(1)), ["(1,)"], "needs (2,)"),  # what a kernel would read past
    (lambda: W.affine(ones((3, 2)), None), ["()"], "needs (2,)"),
    (lambda: CSR.from_dense(np.zeros((2, 3))).to(Condensed), ["2×3"], "use CSR"),
    (lambda: topology.gnm(2**31, 3, 1, rng), [(2**31, 3)], "to 2147483647"),
    (lambda: topology.gnm(10**6, 10**6, 10**12, rng), [10**12], "ask for fewer"),
    (lambda: topology.gnm(3, 3, 10, rng), ["10", "9 places"], "ask for 0 to 9"),
    (lambda: topology.apportion(5, [1, 1], [2, 2]), ["5", "room for 4"], "ask for fewer"),
    (lambda: rewired(drop=[5]), ["5 to 5"], "from 0 to 2"),
    (lambda: rewired(drop=[-1]), ["-1"], "from 0 to 2"),
    (lambda: rewired(drop=[0, 0]), ["[0, 0]"], "each once"),
    (lambda: rewired(born=[4]), ["(1, 1)", "twice"], "drop it"),
    (lambda: rewired(born=[99]), ["99"], "0 to 8"),
    (lambda: rewired(born=[1.0]), ["float64"], "integers"),
    (lambda: save(network(), "a-run"), ["Network"], "Run(net, data, method)"),
    (lambda: save(Run(network(), toy(), "rigl"), "folder"), ["folder"], "the name of a file"),
    (lambda: load_run("a-file"), ["'a-file'"], "an earlier copy"),
    (lambda: kept_and_loaded(toy(x_test=x + 1)), ["'run'", "trained on toy"], "hand the same data"),
    (lambda: kept_and_loaded("toy"), ["'toy'"], "the Dataset that it was trained on"),
    (lambda: plots.save(Figure(), "a.xyz"), ["'xyz'"], "png"),
    (lambda: plots.save(Figure(), "nowhere/a.png"), ["nowhere"], "another folder"),
    (lambda: plots.learning_curves({"rigl": []}), ["rigl []"], "a list of Histories"),
    (lambda: plots.cells(None, [1, 2]), ["(2,)"], "(n_out, n_in)"),
    (lambda: plots.exchange(None, ones((2, 3)), ones((3, 2))), ["(2, 3)", "(3, 2)"], "the same layer"),
    (lambda: check(abs, abs), ["no case"], "add tuples"),
    (lambda: check(abs, abs, 3), ["case 3"], "a tuple"),
    (lambda: check(abs, 3, (1,)), ["want 3"], "the right function"),
    (lambda: check(1, 2, mistakes=[3]), ["mistake 3"], "a pair"),
    (lambda: compared(methods=["rigel"]), ["'rigel'"], "rigl"),
    (lambda: theory.cosine_schedule(13, 12), ["step 13"], "ends at 12"),
    (lambda: theory.expected_itop(6, 2, [3], regrow_pruned=True), ["3 of 2"], "use smaller"),
    (lambda: theory.grabo_bound(ones((3, 4)), ones((2, 3))), ["(3, 4)", "(2, 3)"], "a column per sample"),
    (lambda: theory.graest_mean(ones(3), ones((2, 3))), ["(3,)"], "(n_in, B)"),
    (lambda: theory.graest_magnitude(ones((2, 17)), ones((2, 17))), ["17"], "at most 16"),
    (lambda: theory.init_gain(np.array([1, 1]), np.array([1])), ["[1, 1]", "[1]"], "for each output"),
    (lambda: theory.rewiring(4, np.array([9]), *[ones(1)] * 2, *[np.array([], int)] * 2, ones(0)), ["9"], "0 to 3"),
    (lambda: theory.train_flops("rigl", 1, 2), ["'rigl'"], "give every="),
    (lambda: theory.forward_flops([], [0.5]), ["1 densities", "0 layers"], "one density for each"),
    (lambda: theory.synaptic_flow([], []), ["[]"], "for each layer"),
    (lambda: theory.condense(ones((2, 3)), 2), ["3 weights", "k is 2"], "k ≥ 3"),
]  # fmt: skip


def refused(call, *words):
    """A ValueError, and no subclass of it, of one line with all these words."""
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - the words are the match
        call()
    message = str(caught.value)
    assert type(caught.value) is ValueError
    assert "\n" not in message
    assert len(message) <= LONGEST, message
    for word in words:
        assert str(word) in message, message


@pytest.fixture(autouse=True)
def place(tmp_path, monkeypatch):
    """A folder with things that are not what they are taken for, where nothing is trained and no data are found."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MINIDST_DATA", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", "no-cache")
    (tmp_path / "folder").mkdir()
    for name, content in FILES.items():
        (tmp_path / name).write_bytes(content)
    for module, name in (("minidst.cli.train", "epoch_bar"), ("minidst.experiments.compare", "fit")):
        monkeypatch.setattr(importlib.import_module(module), name, lambda *_, **__: pytest.fail("it was trained"))
    return tmp_path


@pytest.mark.parametrize(
    ("make", "name", "value", "remedy"), ARGUMENTS, ids=[f"{name}{n}" for n, (_, name, *_) in enumerate(ARGUMENTS)]
)
def test_an_argument_that_makes_no_sense_is_answered_with_its_value_and_the_remedy(make, name, value, remedy):
    refused(lambda: make(**{name: value}), " ".join(repr(value).split())[:60], remedy)


@pytest.mark.parametrize(("call", "words", "remedy"), CALLS)
def test_what_does_not_go_together_is_answered_with_both_and_the_remedy(call, words, remedy):
    refused(call, *words, remedy)


GRID = '[[grid]]\nmethod = "rigl"\n'
FILES = {
    "a-file": b"x", "empty": b"", "head.csv": b"a,b\n", "good.toml": GRID.encode(), "bytes.toml": b"\xff",
    "no.toml": b"a = ",
}  # fmt: skip
SWEEP = "sweep good.toml "

# the words after `minidst`, what the one line on stderr must name, what it must offer
LINES = [
    ("", "COMMAND", "minidst --help"),
    ("trian", "'trian'", "train"),
    ("train --epoch-count 3", "--epoch-count", "minidst train --help"),
    ("compare --seed 3", "--seed ", "did you mean --seeds?"),
    ("methods --seeds 3", "--seeds", "minidst methods --help"),
    ("train digits mnist", "mnist", "minidst train --help"),
    ("train digitz", "'digitz'", "did you mean digits"),
    ("train Digits", "'Digits'", "did you mean digits"),
    ("compare fashion-mnis", "'fashion-mnis'", "did you mean fashion-mnist"),
    ("compare no/such", "'no/such'", "choose one of digits"),
    ("train --method rigel", "'rigel'", "rigl"),
    ("train --method=", "method ''", "`minidst methods` lists all"),
    ("compare --methods static,rigel", "'rigel'", "rigl"),
    ("compare --methods=", "method ''", "`minidst methods` lists all"),
    ("compare --methods static,", "method ''", "`minidst methods` lists all"),
    ("compare --methods all,rigl", "'all'", "`minidst methods` lists all"),
    ("train --format csc", "'csc'", "csr"),
    ("train --format condensed", "'condensed'", "format='csr'"),
    ("train --method srigl --format coo", "'coo'", "format='condensed'"),
    ("train --allocation erq", "'erq'", "erk"),
    ("train --optimizer sgdd", "'sgdd'", "adam"),
    ("train --density 0", "density 0", "(0, 1]"),
    ("train --density -1", "density -1", "(0, 1]"),
    ("train --density nan", "density nan", "(0, 1]"),
    ("train --density 1e999", "density inf", "(0, 1]"),
    ("train --density much", "'much'", "minidst train --help"),
    ("train --density", "--density", "one argument"),
    ("train --method dense --density 7", "density 7", "(0, 1]"),
    ("train --density 0.00001", "layer 0 (256×64) with 0", "raise density to ≥"),
    ("compare --density 1.5", "density 1.5", "(0, 1]"),
    ("compare --seeds 0", "seeds 0", "at least 1"),
    ("compare --seeds 1.5", "'1.5'", "minidst compare --help"),
    ("train --seed -1", "seed -1", "at least 0"),
    ("train --epochs 0", "epochs 0", "at least 1"),
    ("compare --epochs -3", "epochs -3", "at least 1"),
    ("train --epochs 1e3", "'1e3'", "minidst train --help"),
    ("train --batch 0", "batch 0", "at least 1"),
    ("train --lr -1", "lr -1", "0.1 is a good start"),
    ("train --lr nan", "lr nan", "0.1 is a good start"),
    ("compare --lr inf", "lr inf", "0.1 is a good start"),
    ("train --threads 0", "threads 0", "from 1 to 1024"),
    ("compare --threads 5000", "threads 5000", "from 1 to 1024"),
    ("train --hidden abc", "'abc'", "256,256"),
    ("compare --hidden 5,,5", "'5,,5'", "256,256"),
    ("train --hidden=", "''", "256,256"),
    ("train --hidden 0", "(64, 0, 10)", "at least 1"),
    ("train --hidden 8,-3", "(64, 8, -3, 10)", "at least 1"),
    ("compare --hidden 999999999999", "999999999999", "at most 2147483647"),
    ("train --hidden 1000000,1000000 --density 0.9", "1000000×1000000", "a lower density"),
    ("train --hidden 1000000,1000000 --method dense", "1000000000000", "a method that starts sparse"),
    ("train csv", "csv", "--path FILE"),
    ("train csv --path missing.csv", "'missing.csv'", "No such file"),
    ("train csv --path folder", "'folder'", "Is a directory"),
    ("train csv --path empty", "'empty'", "comma-separated"),
    ("train csv --path head.csv", "0 samples", "give more samples"),
    ("compare npz --path a-file", "'a-file'", "np.savez_compressed"),
    ("train digits --path head.csv", "path=", "no keywords"),
    ("train mnist", "mnist", "--data-dir"),
    ("train mnist --data-dir a-file", "'a-file'", "the four IDX files"),
    ("train --every 5", "--every 5", "add --out RUN"),
    ("train --every 0 --out run", "--every 0", "at least 1"),
    ("train --resume", "--resume", "add --out RUN"),
    ("train --out run --history run", "'run'", "two names"),
    ("train --out a-file", "'a-file' exists", "add --resume"),
    ("train --out a-file --resume", "'a-file'", "start anew"),
    ("train --out folder", "'folder'", "the name of a file"),
    ("train --history missing/run.csv", "'missing/run.csv'", "another folder"),
    ("compare --out missing", "'missing/minidst-compare-digits.png'", "another folder"),
    ("compare --out a-file", "'a-file/minidst-compare-digits.png'", "another folder"),
    ("methods rigel", "'rigel'", "rigl"),
    ("methods ''", "method ''", "one such as static"),
    ("data digits", "digits", "minidst data --help"),
    ("data --data-dir", "--data-dir", "one argument"),
    ("verify grabo", "'grabo'", "grabo_bound"),
    ("verify erk_densities rigel", "'rigel'", "proofs/README.md lists all"),
    ("bench", "SUBJECT", "minidst bench --help"),
    ("bench speed", "'speed'", "latency"),
    ("bench kernels --quick --threads 0", "threads 0", "from 1 to 1024"),
    ("bench kernels --quick --out missing", "'missing/minidst-bench-kernels.png'", "another folder"),
    ("bench scale --steps 5", "--steps", "give that too"),
    ("bench scale --neurons 1", "--neurons 1", "from 2"),
    ("bench scale --neurons 9999999999", "--neurons 9999999999", "to 2147483647"),
    ("bench scale --neurons 10 --connections 4000", "--connections 4000", "to 3995"),
    ("bench scale --neurons 10 --steps 0", "--steps 0", "at least 1"),
    ("sweep", "which study?", "minidst sweep --list"),
    ("sweep gse-subse", "'gse-subse'", "did you mean gse-subset?"),
    ("sweep missing.toml", "'missing.toml'", "minidst sweep --list"),
    ("sweep folder", "'folder'", "minidst sweep --list"),
    ("sweep bytes.toml", "'bytes.toml'", "UTF-8"),
    ("sweep no.toml", "'no.toml' is no TOML", "name = value"),
    ("sweep --list gse-subset", "'gse-subset'", "leave out one"),
    (SWEEP + "--full", "'good.toml'", "[full] part"),
    (SWEEP + "--only density", "'density'", "data=digits"),
    (SWEEP + "--only method=set", "'method=set'", "rigl"),
    (SWEEP + "--workers 0", "workers 0", "at least 1"),
    (SWEEP + "--workers 0 --estimate", "workers 0", "at least 1"),
    (SWEEP + "--workers 2 --dask there:1", "--workers 2", "drop one"),
    (SWEEP + "--workers 1 --out missing/r.sqlite", "'missing/r.sqlite'", "another file"),
    (SWEEP + "--workers 1 --out a-file", "'a-file'", "another file"),  # which SQLite would have written over
    ("report", "FILE", "minidst report --help"),
    ("report missing.sqlite", "'missing.sqlite'", "`minidst sweep` makes such a file"),
    ("report folder", "'folder'", "`minidst sweep` makes such a file"),
    ("report a-file", "'a-file'", "another file"),
    ("report a-file --format pdf", "'pdf'", "svg"),
    ("report a-file --split much", "'much'", "minidst report --help"),
]

# what stands in a study, what the one line must name, what it must offer
STUDIES = [
    ("", "[[grid]]", "write at least one"),
    ("sede = 3\n" + GRID, "'sede'", "seeds"),
    ("seeds = 10000000000\n" + GRID, "seeds 10000000000", "from 1 to 100000"),
    ("seeds = true\n" + GRID, "seeds True", "such as 5"),
    (GRID + "densty = 0.1", "'densty'", "density"),
    (GRID + 'density = "0.1"', "density '0.1'", "a number"),
    (GRID + "density = 1979-05-27", "date(1979, 5, 27)", "a number"),
    (GRID + 'data = "digitz"', "'digitz'", "digits"),
    (GRID + 'data = "csv"', "'csv'", 'path = "FILE"'),
    (GRID + 'path = "own.csv"', "'digits'", "csv and npz"),
    (GRID + "hidden = [-5]", "hidden -5", "at least 1"),
    (GRID + "hidden = [99999999999]", "[99999999999]", "a list of sizes"),
    (GRID + "width = inf", "width inf", "(0, ∞)"),
    (GRID + "epochs = 99999999999", "epochs 99999999999", "at most 2147483647"),
    (GRID + f"lr = {[*range(1, 999)]}\ndensity = {[0.1] * 999}", "997002", "vary fewer"),
]


def answered(argv, capsys, place, *words):
    """Exit code 2, one line on stderr with all these words, nothing on stdout, no file made or changed."""
    before = {path: path.is_file() and path.read_bytes() for path in place.rglob("*")}
    assert main(argv) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("minidst: ")
    assert err.count("\n") == 1
    assert len(err) <= LONGEST + len("minidst: \n"), err
    assert {path: path.is_file() and path.read_bytes() for path in place.rglob("*")} == before
    for word in words:
        assert word in err, err


@pytest.mark.parametrize(("line", "value", "remedy"), LINES, ids=str)
def test_a_bad_line_is_answered_in_one_line_with_the_value_and_the_remedy(line, value, remedy, place, capsys):
    answered(shlex.split(line), capsys, place, value, remedy)


@pytest.mark.parametrize(("text", "value", "remedy"), STUDIES, ids=[value for _, value, _ in STUDIES])
def test_a_bad_study_is_answered_in_one_line_with_the_value_and_the_remedy(text, value, remedy, place, capsys):
    (place / "bad.toml").write_text(text)
    answered(["sweep", "bad.toml"], capsys, place, "'bad.toml'", value, remedy)


def test_too_little_memory_is_answered_in_one_line(place, capsys, monkeypatch):
    monkeypatch.setattr("minidst.cli.train.mlp", lambda *_, **__: np.empty((10**9, 10**9)))
    answered(["train"], capsys, place, "not enough memory", "smaller sizes")
