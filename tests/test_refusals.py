"""Every argument that makes no sense raises a ValueError of one line with the value and what would do.

Command lines are in cli/test_cli_refused.py; formats, theory and data files have tables of their own.
"""

from dataclasses import replace
from functools import partial
from math import inf, nan

import numpy as np
import pytest
import scipy.sparse
from builders import blobs, clusters, refused
from builders import network as small_network
from commands import alone  # noqa: F401
from matplotlib.figure import Figure

import minidst
from minidst import COO, CSR, Condensed, Config, Network, fit, load, method, mlp, nn, plots, theory, topology, train
from minidst.analysis.exercise import check
from minidst.dst import Constant, Cosine, GuidedSample, LinearDecay, Schedule, Score, prune
from minidst.dst.papers.criteria import combination
from minidst.dst.papers.gse.distributions import grabo
from minidst.experiments.compare import compare
from minidst.experiments.report import read
from minidst.experiments.sweep import load_study

LONGEST = 200  # letters of a message
rng = np.random.default_rng(0)
ones = partial(np.ones, dtype=np.float32)
W = CSR.from_dense(ones((2, 3)))
toy = partial(replace, blobs(12, features=6, name="toy"))
x, y = toy().x_train, toy().y_train
network = partial(small_network, method="rigl")
csr = partial(CSR, shape=(2, 3), indptr=[0, 1, 2], indices=[0, 1], values=np.ones(2))
coo = partial(COO, shape=(2, 3), rows=[0, 1], cols=[0, 1], values=np.ones(2))
condensed = partial(Condensed, shape=(2, 3), indices=[[0], [1]], values=np.ones((2, 1)))
layer = partial(nn.SparseLinear, W=W)
compared = partial(compare, data=clusters(40, 2, 4), methods=["static"], hidden=[4], density=0.5, seeds=1)
rigl, warm = partial(method, "rigl"), partial(nn.Warmup, after=nn.Decay())
guided, sgd, adam = partial(GuidedSample, grabo), nn.SGD, nn.Adam


def net_of(*layers, **changes):
    return Network(list(layers) or [nn.Linear(ones((2, 2)))], **changes)


def fitted(**changes):
    from minidst.estimator import SparseMLPClassifier  # scikit-learn takes a second to import

    return SparseMLPClassifier(**({"hidden_layer_sizes": (5,), "max_iter": 2} | changes)).fit(x, y)


def started(start, **changes):
    return start(**({"net": network(), "data": toy(), "method": "rigl"} | changes))


def saved_and_loaded(data):
    minidst.save(minidst.Run(network(), toy(), "rigl"), "run")
    minidst.load_run("run", data)


def rewired(drop=(), born=(), values=0.0):
    return topology.rewire(CSR.from_dense(np.eye(3)), np.array(drop, int), np.array(born), values)


# what messages offer again and again
SHARE, BELOW_ONE, POSITIVE, AT_LEAST_0, WHOLE = "(0, 1]", "[0, 1)", "(0, ∞)", "[0, ∞)", "whole number"
FLAG, FUNCTION, TEXT, FILE, RAGGED = "True or False", "a function", "a text", "the name of a file", "rows of one length"
ALLOCATIONS, FORMATS, DTYPES = "uniform, er, erk", "coo, csr, condensed", "float32 or float64"
METHODS, SIZES = "`minidst methods` lists all", "an input and an output size"
SHAPE = "whole numbers from 1 to 2147483647"

# function, argument, what the message must offer, and bad values, each of which the message must quote
ARGUMENTS = [
    # a network
    (network, "sizes", "at least 1", 5, (6, 0, 3), (6, -2, 3)),
    (network, "sizes", SIZES, None, (), (6,), {6, 8}),  # a set has no order
    (network, "sizes", "a whole number", "6,8,3"), (network, "sizes", WHOLE, (6, 8.5, 3), (6, True, 3), (6, nan, 3)),
    (network, "sizes", "at most 2147483647", (6, 8, 2**40)),
    (network, "density", SHARE, 0, -1, 1.5, nan, inf, True, None, "0.5", [0.5], np.float64(0)),
    (partial(network, method="dense"), "density", SHARE, -1),
    (network, "method", "rigl", "rigel", ["rigl"]), (network, "method", METHODS, None),
    (network, "allocation", ALLOCATIONS, "erq", ["erk"]), (network, "format", FORMATS, "csc", ["csr"]),
    (network, "seed", WHOLE, -1, 1.5), (network, "seed", "at least 0", None, np.int64(-1)),
    (network, "dtype", DTYPES, np.float16, "banana"), (network, "loss", "MeanSquaredError()", "mse"),
    (network, "loss", "CrossEntropy()", nn.CrossEntropy),  # the class, not one of its objects
    (net_of, "rng", "default_rng", 0), (net_of, "budget", WHOLE, 1.5),
    (Network, "layers", "a list of layers", None),
    # how to train
    (Config, "epochs", "at least 1", 0), (Config, "epochs", WHOLE, 2.5, "3", True), (Config, "batch", "at least 1", -1),
    (Config, "batch", WHOLE, np.float32(32)), (Config, "lr", "0.1 is a good start", 0),
    (Config, "lr", POSITIVE, nan, inf, "0.1", np.array([0.1, 0.2]), 10**400), (Config, "rate", "Decay", "cosine"),
    (Config, "optimizer", "Adam()", "adam", nn.Adam), (Config, "validation", BELOW_ONE, 1, nan, None),
    (partial(Config, validation=0.1), "patience", "at least 1", 0),
    (partial(Config, validation=0.1), "patience", WHOLE, 2.5),
    (Config, "patience", "validation=0.1", 3),
    (sgd, "momentum", BELOW_ONE, 1, "0.9"), (sgd, "weight_decay", AT_LEAST_0, inf), (sgd, "nesterov", FLAG, "yes"),
    (adam, "beta1", BELOW_ONE, -0.1), (adam, "beta2", BELOW_ONE, 1), (adam, "epsilon", POSITIVE, 0),
    (adam, "weight_decay", AT_LEAST_0, None),
    (nn.Steps, "milestones", "a tuple", 0.5),
    (warm, "steps", WHOLE, 1.5),
    (partial(nn.Warmup, 5), "after", "Decay", "cosine"),
    (nn.LeakyReLU, "slope", BELOW_ONE, "0.1"),
    (partial(nn.Dropout, 0.5), "rng", "default_rng", 0),
    (nn.SparseLinear, "W", "CSR.from_dense", np.ones((2, 3))),
    (layer, "b", "finite", np.array([nan, 0], np.float32)),
    # when, where and what to exchange
    (Schedule, "alpha", SHARE, 0, nan, "0.3"), (Schedule, "every", "'epoch'", 0, "step"),
    (Schedule, "every", WHOLE, 2.5, True), (Schedule, "until", SHARE, 1.5, None),
    (Schedule, "decay", FUNCTION, "cosine"), (Schedule, "first", "at least 1", 0),
    (partial(Cosine, every=100), "alpha", SHARE, -0.3),
    (partial(LinearDecay, 0.3), "every", "'epoch'", "epochs"),
    (partial(Constant, 0.3, 100), "until", SHARE, 2),
    (guided, "gamma", POSITIVE, 0, None),
    (partial(guided, per="pruned"), "gamma", "at least 1", 0.5),
    (guided, "per", "active, pruned", "all"),
    (GuidedSample, "distribution", "grabo", "grabo"),
    (partial(Score, "mine"), "values", FUNCTION, 3),
    (rigl, "schedule", "dst.Cosine", "cosine"), (rigl, "round", "'floor', 'ceil', 'nearest'", ["floor"]),
    (rigl, "scope", "'layer', 'global'", "all"), (rigl, "order", "'prune_then_grow'", "both"),
    (rigl, "start", "'sparse', 'dense'", "thick"), (rigl, "format", "'csr', 'coo', 'condensed'", "csc"),
    *((rigl, name, FUNCTION, value) for name, value in [("prune", "snip"), ("initial_weight", None), ("begin", "now")]),
    (rigl, "score", "dst.Score", prune.snip), (rigl, "update_step", "give a function of minidst.dst", "2"),
    (rigl, "rounds", BELOW_ONE, 0.5), (rigl, "rounds", "that rise", (0.9, 0.5)), (rigl, "needs_dense", FLAG, "yes"),
    (rigl, "name", TEXT, ""),
    (partial(combination, growth="random"), "prune", "magnitude, per_sign", "snap"),
    (partial(combination, "snip"), "growth", "random, gradient", "rand"),
    # data
    (load, "name", "did you mean digits?", "digitz"), (load, "name", "choose one of digits", ["digits"]),
    (partial(load, "csv"), "path", FILE, 3), (partial(load, "csv"), "path", "comma-separated", "folder"),
    (partial(load, "npz"), "path", "No such file", "missing.npz"),
    (partial(load, "npz"), "path", "np.savez_compressed", "a-file"),
    (partial(load, "mnist"), "data_dir", "--data-dir", "missing"),
    (toy, "name", TEXT, None), (toy, "classes", "2 or more", 1, "3", True),
    (toy, "dtype", DTYPES, np.float16, "float16"), (toy, "x_train", RAGGED, [[1, 2], [3]]),
    (partial(started, train), "net", "minidst.mlp", None), (partial(started, fit), "data", "minidst.load", "digits"),
    (partial(started, minidst.Run), "data", "minidst.load", (1, 2)), (partial(started, train), "method", METHODS, None),
    (partial(started, fit), "config", "minidst.Config", {"epochs": 3}),
    (partial(started, minidst.Run), "notes", "a dict", 3),
    (minidst.threads, "n", "from 1 to 1024", 0, 1025), (minidst.threads, "n", WHOLE, 1.5, "2", True),
    # matrices and graphs
    (csr, "shape", SHAPE, ("2", "3"), (2, 2**31)),
    (coo, "shape", SHAPE, (True, 3), (2.0, 3)),
    (condensed, "shape", SHAPE, None),
    (coo, "rows", RAGGED, [[0], [1, 2]]),
    (CSR.from_dense, "dense", RAGGED, [[1, 2], [3]]),
    (W.to, "format", "COO, CSR or Condensed", "coo"),
    (partial(topology.allocate, density=0.5), "shapes", "(n_out, n_in)", [], None, [(2.5, 3)], [(2,)], [(0, 3)],
     [(2**31, 3)], [(2, 3, 1)]),
    (partial(topology.allocate, [(2, 3)]), "density", SHARE, "0.5"),
    (partial(topology.constant_fan_in, 3, 3, rng=rng), "k", "from 0 to 3", 4),
    (partial(topology.constant_fan_in, 3, 3, rng=rng), "k", WHOLE, 1.5),
    (partial(topology.bernoulli, 3, 3, rng=rng), "p", "[0, 1]", nan),
    (partial(topology.gnm, 3, 3, 2), "rng", "default_rng", 0),
    (partial(topology.distinct, n=3, rng=rng), "counts", "whole numbers", [1.5]),
    (partial(topology.apportion, weights=[1, 1], room=[2, 2]), "total", "at least 0", -1),
    (partial(topology.apportion, 2, room=[2, 2]), "weights", "finite", np.array([nan, 1.0])),
    # studies of several methods, and pictures
    (compared, "methods", "['rigl']", "rigl"), (compared, "methods", "at least one", []),
    (compared, "hidden", "[256, 256]", 8), (compared, "seeds", WHOLE, 1.5), (compared, "seeds", "at least 1", 0, -1),
    (compared, "allocation", ALLOCATIONS, "er2"),
    (partial(compared, methods=["dense", "static"]), "density", SHARE, 1.5),
    (compared, "data", "minidst.load", "digits"), (compared, "config", "minidst.Config", {}),
    (load_study, "path", FILE, None),
    (minidst.load_run, "path", FILE, None, 7),
    (partial(minidst.save, minidst.Run(network(), toy(), "rigl")), "path", FILE, "", 7, None),
    (read, "path", "`minidst sweep` makes such a file", "missing"),
    (partial(plots.save, path="a.png"), "figure", "Matplotlib", None),
    (partial(plots.save, Figure()), "path", FILE, None),
    (minidst.History("m", "d").to_csv, "path", FILE, 3),
    (plots.learning_curves, "runs", "a dict of lists", None),
    (plots.layer_densities, "history", "at least one epoch", minidst.History("m", "d")),
    (partial(check, abs, abs, (1,)), "rtol", BELOW_ONE, nan),
    # an estimator's parameters, by their own names
    (fitted, "max_iter", "at least 1", 0), (fitted, "max_iter", WHOLE, 1.5, True),
    (fitted, "batch_size", "'auto'", "all", np.array([1, 2])), (fitted, "learning_rate_init", POSITIVE, 0.0),
    (fitted, "learning_rate", "constant, linear, cosine", "adaptive"), (fitted, "solver", "'adam' or 'sgd'", "lbfgs"),
    (fitted, "tol", AT_LEAST_0, -1), (fitted, "n_iter_no_change", "or infinity", nan),
    (fitted, "validation_fraction", "(0, 1)", 1.0), (fitted, "hidden_layer_sizes", "at least 1", (5, 0)),
    (fitted, "density", SHARE, None), (fitted, "method", "rigl", "rigel"), (fitted, "method", "minidst.METHODS", 3),
    (fitted, "method", "minidst.fit", "lottery"), (fitted, "allocation", ALLOCATIONS, "even"),
    (fitted, "format", FORMATS, ["csr"]), (fitted, "momentum", BELOW_ONE, None), (fitted, "beta_2", BELOW_ONE, 1),
    (fitted, "weight_decay", AT_LEAST_0, "0"), (fitted, "warm_start", FLAG, "no"),
    # closed forms
    (partial(theory.cosine_schedule, 1), "T_end", POSITIVE, 0),
    (partial(theory.cosine_schedule, T_end=12), "t", "numbers", "1"),
    (partial(theory.gradual_schedule, 0, every=1, s_f=0.9), "n", "at least 1", 0),
    (partial(theory.gradual_schedule, 0, 1, 1), "s_f", "[0, 1]", 1.5),
    (partial(theory.erk_densities, [(2, 3)]), "density", SHARE, "0.5"),
    (partial(theory.erk_densities, [(2, 3)], 0.5), "kind", ALLOCATIONS, "erq"),
    (partial(theory.erk_densities, density=0.5), "shapes", "one or more", [(0, 3)]),
    (partial(theory.expected_itop, active=0, grown=[], regrow_pruned=True), "places", "[1, ∞)", 0),
    (partial(theory.expected_jaccard, 3, b=1), "a", "[0, 3]", -1),
    (partial(theory.four_wise_signs, 2), "p", "odd prime", 0),
    (theory.product_bound, "q", "an odd number", 4),
    (partial(theory.gse_limits, n=1, k=1), "absent", "from 0", -3),
    (partial(theory.uniform_sample, 3, 1), "m", "at least 0", -1),
    (partial(theory.outputs_without_input, 2, 3), "nnz", "from 0 to 6", 7),
    (partial(theory.uniform_gamma, 4, wanted=1), "active", "from 1 to 4", 0),
    (partial(theory.hit_probability, g=np.ones(2), m=1), "f", "not all 0", np.zeros(2)),
    (partial(theory.train_flops, f_S=1), "method", "static, set, snip", "pruning"),
    (theory.resnet50, "width", "∞", 0),
]  # fmt: skip

# call, the values that the message must name, what it must offer
CALLS = [
    (lambda: network(density=0.01), ["density 0.01", "layer 1 (3×8)", "0 connections"], "raise density to ≥"),
    (lambda: mlp((10**6, 10**6), density=0.5), ["1000000×1000000", 5 * 10**11], "a lower density"),
    (lambda: mlp((10**6, 10**6), density=0.5, method="dense"), [10**12], "a method that starts sparse"),
    (lambda: mlp((10**5, 10**5, 9), density=0.9, method="srigl"), ["100000×100000"], "a lower density"),
    (lambda: network(format="condensed"), ["'rigl'", "'condensed'"], "format='csr'"),
    (lambda: network(method="srigl", format="csr"), ["'srigl'", "'csr'"], "format='condensed'"),
    (lambda: method("gse-grab"), ["'gse-grab'"], "gse-grabo"), (lambda: method(3), ["3"], "one such as static"),
    (lambda: net_of(nn.ReLU), ["layers[0]", "ReLU"], "forward, backward and parameters"),
    (lambda: Network([]), ["none"], "at least one SparseLinear or Linear"),
    (lambda: net_of(nn.Linear(ones((4, 3))), nn.ReLU(), nn.Linear(ones((2, 5)))),
     ["layer 0", "4 outputs", "layer 1"], "takes 5"),
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
    (lambda: rewired(drop=[5]), ["5 to 5"], "from 0 to 2"), (lambda: rewired(drop=[-1]), ["-1"], "from 0 to 2"),
    (lambda: rewired(drop=[0, 0]), ["[0, 0]"], "each once"),
    (lambda: rewired(born=[4]), ["(1, 1)", "twice"], "drop it"), (lambda: rewired(born=[1.0]), ["float64"], "integers"),
    (lambda: minidst.save(network(), "a-run"), ["Network"], "Run(net, data, method)"),
    (lambda: minidst.save(minidst.Run(network(), toy(), "rigl"), "folder"), ["it is a folder"], "the name of a file"),
    (lambda: minidst.load_run("a-file"), ["'a-file'"], "an earlier copy"),
    (lambda: saved_and_loaded(toy(x_test=x + 1)), ["'run'", "trained on toy"], "hand the same data"),
    (lambda: saved_and_loaded("toy"), ["'toy'"], "the Dataset that it was trained on"),
    (lambda: plots.save(Figure(), "a.xyz"), ["'xyz'"], "png"),
    (lambda: plots.save(Figure(), "nowhere/a.png"), ["nowhere"], "another folder"),
    (lambda: plots.learning_curves({"rigl": []}), ["rigl []"], "a list of Histories"),
    (lambda: plots.cells(None, [1, 2]), ["(2,)"], "(n_out, n_in)"),
    (lambda: plots.exchange(None, ones((2, 3)), ones((3, 2))), ["(2, 3)", "(3, 2)"], "the same layer"),
    (lambda: check(abs, abs), ["no case"], "add tuples"), (lambda: check(abs, abs, 3), ["case 3"], "a tuple"),
    (lambda: check(abs, 3, (1,)), ["want 3"], "the right function"),
    (lambda: check(1, 2, mistakes=[3]), ["mistake 3"], "a pair"),
    (lambda: compared(methods=["static", "rigel"]), ["'rigel'"], "rigl"),
    (lambda: compared(methods=["dense", "rigl"], density=1e-3), ["0.001", "layer"], "raise density"),
    (lambda: compared(hidden=(0,)), ["(4, 0, 2)"], "at least 1"),
    (lambda: compared(config=Config(validation=0.001)), ["0.001", "40"], "choose another share"),
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

REGRESSION = toy(y_train=x[:, :2], y_test=x[:, :2], classes=0)
TWO_CLASSES = blobs(12, 2, 6)

# a network, data and a method that do not go together, and words of the message
UNSUITABLE = [
    ({"sizes": (5, 8, 3)}, toy(), "rigl", ["toy", "6 features", "5"]),
    ({"sizes": (6, 8, 2)}, toy(), "rigl", ["toy", "3 classes", "2 outputs"]),
    ({"sizes": (6, 8, 1)}, toy(), "rigl", ["toy", "3 classes", "1 output"]),
    ({"method": "static", "format": "condensed"}, toy(), "rigl", ["rigl", "'condensed'", "csr"]),
    ({"method": "static", "format": "condensed"}, toy(), "set", ["set", "'condensed'"]),
    ({"method": "dense"}, toy(), "rigl", ["'rigl'", "use method 'dense'"]),
    ({"method": "dense"}, toy(), "gse-grabo", ["gse-grabo", "dense"]),
    *(({"method": "static"}, toy(), name, [name, "dense"]) for name in ("dense", "gradual", "lottery")),
    ({}, toy(), "srigl", ["srigl", "'csr'", "condensed"]),
    ({}, toy(), "rigel", ["'rigel'", "rigl"]),
    # a loss that cannot take these targets
    ({"sizes": (6, 8, 2), "loss": nn.CrossEntropy()}, REGRESSION, "static", []),  # float targets are no labels
    ({"sizes": (6, 8, 2)}, REGRESSION, "static", []),  # the default is cross-entropy
    ({"sizes": (6, 8, 1), "loss": nn.CrossEntropy()}, TWO_CLASSES, "static", []),  # softmax of one output
    ({"sizes": (6, 8, 1)}, TWO_CLASSES, "static", []),
    ({"sizes": (6, 8, 3), "loss": nn.MeanSquaredError()}, REGRESSION, "static", []),  # 2 targets, 3 outputs
    ({"sizes": (6, 8, 1), "loss": nn.MeanSquaredError()}, REGRESSION, "static", []),
    ({"sizes": (6, 8, 2), "loss": nn.BinaryCrossEntropy()}, REGRESSION, "static", []),
]


@pytest.fixture(autouse=True)
def no_training(tmp_path, monkeypatch):
    """The working folder has a folder and a file that is no data; training fails."""
    (tmp_path / "folder").mkdir()
    (tmp_path / "a-file").write_bytes(b"x")
    monkeypatch.setattr("minidst.experiments.compare.fit", lambda *_, **__: pytest.fail("it was trained"))


def check_refused(call, *words):
    """A ValueError, and no subclass of it, of one short line with all these words."""
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - the words are the match
        call()
    assert type(caught.value) is ValueError
    assert len(str(caught.value)) <= LONGEST, str(caught.value)
    with refused(*words):
        raise caught.value


@pytest.mark.parametrize(
    ("make", "name", "remedy", "value"),
    [(make, name, remedy, value) for make, name, remedy, *values in ARGUMENTS for value in values],
)
def test_a_bad_argument_is_refused_with_its_value_and_the_remedy(make, name, remedy, value):
    check_refused(lambda: make(**{name: value}), " ".join(repr(value).split())[:60], remedy)


@pytest.mark.parametrize(("call", "words", "remedy"), CALLS)
def test_arguments_that_do_not_go_together_are_refused_with_both_and_the_remedy(call, words, remedy):
    check_refused(call, *words, remedy)


@pytest.mark.parametrize("start", [train, fit])
@pytest.mark.parametrize(("options", "data", "method", "words"), UNSUITABLE)
def test_unsuitable_networks_data_and_methods_are_refused_before_anything_changes(start, options, data, method, words):
    net = network(**options)
    before = [p.values.copy() for p in net.parameters()]
    state = net.rng.bit_generator.state
    check_refused(lambda: start(net, data, method), *words)
    assert all(np.array_equal(p.values, old) for p, old in zip(net.parameters(), before, strict=True))
    assert net.rng.bit_generator.state == state


@pytest.mark.parametrize("allocation", ["uniform", "er", "erk"])
@pytest.mark.parametrize("sizes", [(64, 256, 256, 10), (64, 32, 16, 10), (6, 8, 3), (1000, 2, 500)])
def test_the_density_that_the_message_advises_is_enough(sizes, allocation):
    with pytest.raises(ValueError, match=r"raise density to ≥ [\d.e-]+") as caught:
        mlp(sizes, density=1e-6, allocation=allocation)
    advised = float(str(caught.value).split("≥ ")[1].split()[0])
    net = mlp(sizes, density=advised, allocation=allocation)
    assert min(layer.connections for layer in net.weighted) >= 1
