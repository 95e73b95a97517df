"""The estimators behave as scikit-learn's do, on the networks and methods of minidst."""

import pickle
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from builders import refused
from scipy.sparse import csr_array, issparse
from sklearn.base import clone
from sklearn.datasets import make_blobs, make_classification, make_regression
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

import minidst
from minidst.estimator import SparseMLPClassifier, SparseMLPRegressor
from minidst.formats import CSR, Condensed

pytestmark = pytest.mark.slow

CLASSIFIER, REGRESSOR = SparseMLPClassifier, SparseMLPRegressor
X, y = make_blobs(120, 6, centers=3, cluster_std=2.0, random_state=0)
LINE, TARGETS = make_regression(120, 6, noise=1.0, random_state=0)
DATA = [(CLASSIFIER, X, y), (REGRESSOR, LINE, TARGETS / TARGETS.std())]
both = pytest.mark.parametrize(("kind", "X", "y"), DATA, ids=["classifier", "regressor"])


@parametrize_with_checks([CLASSIFIER(), REGRESSOR()])
def test_scikit_learns_own_checks(estimator, check):
    check(estimator)


def made(kind=CLASSIFIER, **changes):
    return kind(**{"hidden_layer_sizes": (24,), "density": 0.3, "max_iter": 6, "random_state": 0, **changes})


def same_bits(one, other):
    a, b = one.network_, other.network_
    keys = all(np.array_equal(s.W.keys(), t.W.keys()) for s, t in zip(a.sparse, b.sparse, strict=True))
    values = all(np.array_equal(p.values, q.values) for p, q in zip(a.parameters(), b.parameters(), strict=True))
    return keys and values and one.loss_curve_ == other.loss_curve_


# What goes in


@pytest.mark.parametrize(
    "labels", [["ham", "spam", "egg"], [True, False], [7, -3, 100], [0.0, 1.0], np.array(["b", "a"], object)]
)
def test_labels_of_any_type_come_back_as_they_were(labels):
    X, numbers = make_blobs(90, 6, centers=len(labels), random_state=1)
    y = np.array(labels)[numbers]
    found = made(max_iter=60, learning_rate_init=0.03).fit(X, y)
    assert found.classes_.tolist() == sorted(labels)
    assert found.predict(X).dtype == y.dtype
    assert found.score(X, y) > 0.95


@both
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_network_computes_in_the_dtype_of_its_samples(kind, X, y, dtype):
    found = made(kind).fit(X.astype(dtype), y)
    assert found.network_.dtype == found.coefs_[0].dtype == found.intercepts_[0].dtype == dtype
    assert kind is CLASSIFIER or found.predict(X).dtype == dtype


@both
def test_a_data_frame_is_an_array_with_names(kind, X, y):
    frame = pd.DataFrame(X, columns=list("abcdef"))
    found = made(kind).fit(frame, pd.Series(y), sample_weight=pd.Series(np.ones(len(y))))
    assert found.feature_names_in_.tolist() == list("abcdef")
    assert np.array_equal(found.predict(frame), made(kind).fit(X, y).predict(X))
    with pytest.raises(ValueError, match="feature names"):
        found.predict(frame[list("fedcba")])


def test_hidden_layer_sizes_and_formats_are_those_of_mlp():
    """One number is one hidden layer; no hidden layer gives a linear model."""
    assert made(hidden_layer_sizes=7).fit(X, y).network_.sizes == (6, 7, 3)
    assert made(hidden_layer_sizes=np.array([7, 5])).fit(X, y).network_.sizes == (6, 7, 5, 3)
    assert made(hidden_layer_sizes=()).fit(X, y).network_.sizes == (6, 3)
    assert isinstance(made().fit(X, y).network_.sparse[0].W, CSR)
    assert isinstance(made(method="static", format="condensed").fit(X, y).network_.sparse[0].W, Condensed)


def test_targets_may_be_several_numbers():
    Y = LINE[:, :2] * [1, -2]
    found = made(REGRESSOR, max_iter=150, learning_rate_init=0.03).fit(LINE, Y)
    assert found.predict(LINE).shape == Y.shape
    assert found.score(LINE, Y) > 0.9


# What comes out


@pytest.mark.parametrize("classes", [2, 3])
def test_probabilities_and_decisions_agree(classes):
    X, y = make_blobs(90, 4, centers=classes, cluster_std=4.0, random_state=1)
    found = made().fit(X.astype(np.float32), y)
    P, Z = found.predict_proba(X), found.decision_function(X)
    assert P.shape == (90, classes)
    assert Z.shape == ((90,) if classes == 2 else (90, 3))
    np.testing.assert_allclose(P.sum(axis=1), 1, rtol=1e-6)
    np.testing.assert_allclose(np.log(P), found.predict_log_proba(X), rtol=1e-4, atol=1e-6)
    assert np.array_equal(found.predict(X), P.argmax(axis=1))
    if classes == 2:
        np.testing.assert_allclose(Z, np.log(P[:, 1] / P[:, 0]), rtol=1e-4, atol=1e-4)
    assert found.n_outputs_ == found.network_.sizes[-1] == (1 if classes == 2 else 3)


def test_a_certain_network_has_finite_logarithms():
    X = np.array([[-1.0], [1.0]])
    found = made(density=1.0, max_iter=100).fit(X, [0, 1])
    assert np.isfinite(found.predict_log_proba(1e6 * X)).all()
    assert sorted(found.predict_proba(1e6 * X)[:, 1]) == [0, 1]


@pytest.mark.parametrize("method", ["rigl", "srigl", "dense"])
def test_coefs_are_the_weights_of_the_network_and_no_more(method):
    found = made(hidden_layer_sizes=(12, 8), method=method).fit(X, y)
    assert [c.shape for c in found.coefs_] == [(6, 12), (12, 8), (8, 3)]
    assert all(issparse(c) and isinstance(c, csr_array) for c in found.coefs_)
    assert sum(c.nnz for c in found.coefs_) == found.network_.connections
    A = X
    for coefs, intercepts in zip(found.coefs_[:-1], found.intercepts_, strict=False):
        A = np.maximum(A @ coefs + intercepts, 0)
    np.testing.assert_allclose(A @ found.coefs_[-1] + found.intercepts_[-1], found.decision_function(X), rtol=1e-9)
    assert found.n_layers_ == 4


@pytest.mark.parametrize("name", [name for name, method in minidst.METHODS.items() if not method.rounds])
def test_every_method_fits_within_its_connections(name):
    found = made(method=name, max_iter=8, batch_size=16).fit(X, y)
    assert np.isfinite(found.loss_)
    most = 24 * 9 if name == "dense" else round(0.3 * 24 * 9)
    assert found.network_.connections <= most + 24  # a constant fan-in is rounded


def test_a_record_keeps_its_schedule_and_a_name_gets_one_paced_for_max_iter():
    never = replace(minidst.METHODS["rigl"], schedule=minidst.dst.Cosine(0.3, 10**6))
    graphs = [made(method=of, batch_size=16).fit(X, y).network_.sparse[0].W.keys() for of in ("static", never, "rigl")]
    assert np.array_equal(graphs[0], graphs[1])
    assert not np.array_equal(graphs[0], graphs[2])


# How it learns


@both
@pytest.mark.parametrize("method", ["rigl", "set", "snip"])
def test_partial_fit_is_fit_an_epoch_at_a_time(kind, X, y, method):
    whole = made(kind, method=method, batch_size=32).fit(X, y)
    parts = made(kind, method=method, batch_size=32)
    for _ in range(6):
        parts.partial_fit(X, y, **({"classes": np.unique(y)} if kind is CLASSIFIER else {}))
    assert same_bits(whole, parts)
    assert parts.n_iter_ == 6
    assert parts.t_ == 720
    parts.partial_fit(X, y)  # and goes on after max_iter
    assert parts.n_iter_ == 7


def test_partial_fit_learns_from_chunks_that_lack_some_classes():
    found = made(learning_rate_init=0.03)
    for _ in range(30):
        for label in range(3):
            found.partial_fit(X[y == label][:20], y[y == label][:20], classes=[0, 1, 2])
    assert len(found.predict_proba(X)[0]) == 3
    assert found.n_iter_ == len(found.loss_curve_) == 90


@both
def test_warm_start_goes_on_and_a_cold_one_does_not(kind, X, y):
    warm, cold = made(kind, warm_start=True).fit(X, y), made(kind).fit(X, y)
    network, loss = warm.network_, warm.loss_
    assert same_bits(warm, cold)
    warm.fit(X, y)
    assert warm.network_ is network
    assert warm.loss_curve_[6] < loss + 0.1
    assert warm.n_iter_ == len(warm.loss_curve_) == 12
    cold.fit(X, y)
    assert cold.n_iter_ == 6
    assert cold.loss_ == loss


@pytest.mark.parametrize("method", ["snip", "gradual", "dense", "deepr", "srigl"])
def test_warm_start_prunes_a_network_once(method):
    found = made(method=method, warm_start=True, batch_size=16).fit(X, y)
    connections = found.network_.connections
    assert found.fit(X, y).network_.connections == connections


@both
def test_early_stopping_keeps_the_best_of_the_networks_it_scored(kind, X, y):
    found = made(kind, early_stopping=True, validation_fraction=0.25, max_iter=200, n_iter_no_change=3).fit(X, y)
    again, held_out = clone(found).set_params(max_iter=1), []
    again._judge = lambda data: held_out.append(data) or 0.0
    again.fit(X, y)
    scores = found.validation_scores_
    assert 4 < found.n_iter_ == len(scores) < 200
    assert found.best_validation_score_ == max(scores) == pytest.approx(found._score_of(held_out[0]))
    assert found.best_loss_ is None


def test_training_stops_when_its_loss_does():
    found = made(max_iter=50, tol=10.0, n_iter_no_change=2).fit(X, y)
    assert found.n_iter_ == 4  # the first, and more than two after it
    assert found.best_loss_ == min(found.loss_curve_)
    assert found.validation_scores_ is None
    assert made(max_iter=50, tol=10.0, n_iter_no_change=np.inf).fit(X, y).n_iter_ == 50


@pytest.mark.parametrize("stopping", [{"tol": 10.0}, {"early_stopping": True}])
def test_gradual_pruning_is_not_stopped_before_it_has_pruned(stopping):
    found = made(method="gradual", max_iter=30, n_iter_no_change=2, **stopping).fit(X, y)
    assert found.network_.connections == round(0.3 * 24 * 9)


def test_verbose_prints_a_line_an_epoch(capsys):
    made(verbose=True, max_iter=3).fit(X, y)
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(",")[0] for line in lines] == ["Iteration 1", "Iteration 2", "Iteration 3"]
    made(verbose=True, early_stopping=True, max_iter=30, tol=2.0, n_iter_no_change=1).fit(X, y)
    printed = capsys.readouterr().out
    assert "Validation score: " in printed
    assert "Stopped" in printed


@both
def test_a_sample_of_weight_zero_is_absent_to_the_bit(kind, X, y):
    weights = np.where(np.arange(120) % 3, 1.0, 0.0)
    there = made(kind, batch_size=16).fit(X, y, sample_weight=weights)
    absent = made(kind, batch_size=16).fit(X[weights > 0], y[weights > 0])
    assert same_bits(there, absent)


@both
def test_whole_weights_are_repeated_samples(kind, X, y):
    """In one batch a step, with a method that draws no random numbers."""
    weights = np.arange(120) % 4
    few = made(kind, batch_size=999, max_iter=30).fit(X, y, sample_weight=weights)
    many = made(kind, batch_size=999, max_iter=30).fit(np.repeat(X, weights, axis=0), np.repeat(y, weights))
    np.testing.assert_allclose(few.loss_curve_, many.loss_curve_, rtol=1e-9)
    np.testing.assert_allclose(few._outputs(X), many._outputs(X), rtol=1e-7, atol=1e-9)


def test_probabilities_follow_the_weights_of_contradicting_samples():
    """Equal samples with two labels: the probability of each label is its share of the weights."""
    X, y = np.zeros((40, 2)), np.arange(40) % 2
    found = made(max_iter=200, batch_size=10).fit(X, y, sample_weight=np.where(y, 9.0, 1.0))
    assert found.predict_proba(X)[0, 1] == pytest.approx(0.9, abs=0.05)


@both
def test_equal_random_states_give_equal_networks_that_can_be_pickled(kind, X, y):
    found = made(kind, random_state=3).fit(X, y)
    assert same_bits(found, made(kind, random_state=3).fit(X, y))
    assert same_bits(found, made(kind, random_state=np.random.RandomState(3)).fit(X, y))
    assert not same_bits(found, made(kind, random_state=4).fit(X, y))
    again = pickle.loads(pickle.dumps(found))
    assert same_bits(again.partial_fit(X, y), found.partial_fit(X, y))


def test_a_fitted_estimator_holds_no_samples():
    X, y = make_classification(2000, 20, random_state=0)
    found = made(max_iter=2).fit(X, y)
    size = len(pickle.dumps(found))
    assert size < 12_000
    found.predict(X)
    assert len(pickle.dumps(found)) == size


# With the rest of scikit-learn


@both
def test_pipelines_and_cross_validation(kind, X, y):
    scaled = make_pipeline(StandardScaler(), made(kind, max_iter=60, learning_rate_init=0.03))
    scores = cross_val_score(scaled, 100 * X, y, cv=3, n_jobs=2, error_score="raise")
    assert scores.min() > 0.8


def test_grid_search_in_two_processes():
    grid = {"density": [0.1, 0.3], "method": ["set", minidst.METHODS["rigl"]]}
    search = GridSearchCV(made(), grid, cv=2, n_jobs=2, error_score="raise").fit(X, y)
    alone = GridSearchCV(made(), grid, cv=2, error_score="raise").fit(X, y)
    assert np.array_equal(search.cv_results_["mean_test_score"], alone.cv_results_["mean_test_score"])
    assert search.best_estimator_.score(X, y) == search.score(X, y)


# What is refused


@pytest.mark.parametrize(("changes", "words"), [
    ({"density": 0.001}, ["density 0.001", "0 connections", "raise density"]),
    ({"method": "srigl", "format": "csr"}, ["srigl", "condensed"]),
    ({"learning_rate_init": 1e300, "solver": "sgd"}, ["diverged", "learning_rate_init", "StandardScaler"]),
    ({"early_stopping": True, "validation_fraction": 0.001}, ["test_size", "classes"]),
])  # fmt: skip
def test_parameters_that_do_not_go_together_are_refused(changes, words):
    with refused(*words):
        made(**changes).fit(X, y)


@pytest.mark.parametrize(("weights", "words"), [
    (np.ones(119), ["(119,)", "120 samples"]), (np.ones((120, 1)), ["(120, 1)"]), (np.zeros(120), ["zero"]),
    (-np.ones(120), ["-1.0", "at least zero"]), (np.full(120, np.nan), ["sample_weight", "NaN"]),
])  # fmt: skip
def test_bad_sample_weights_are_refused(weights, words):
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - some of these messages are scikit-learn's
        made().fit(X, y, sample_weight=weights)
    assert all(word in str(caught.value) for word in words)


def test_calls_that_do_not_follow_from_the_last_are_refused():
    with refused("classes is None", "first call"):
        made().partial_fit(X, y)
    half = made(density=0.001)
    for classes in ([0, 1, 2], None):  # a call that failed has not even stored the labels
        with refused(0.001 if classes else "first call"):
            half.partial_fit(X, y, classes=classes)
    with refused("early_stopping=True", "partial_fit"):
        made(early_stopping=True).partial_fit(X, y, classes=[0, 1, 2])
    with refused("1 class", "two or more classes"):
        made().fit(X, np.ones(120))
    found = made(warm_start=True).fit(X, y)
    with refused("has 3", "[0 1 2]"):
        found.fit(X, y + 1)
    with refused("classes=[0 1]", "[0 1 2]"):
        found.partial_fit(X, y, classes=[0, 1])
    with refused("srigl", "condensed"):
        found.set_params(method="srigl").fit(X, y)
    with refused("2 numbers", "1 outputs"):
        made(REGRESSOR, warm_start=True).fit(X, X[:, 0]).fit(X, X[:, :2])
    with refused("validation_fraction=0.01", "raise it"):
        made(REGRESSOR, early_stopping=True, validation_fraction=0.01).fit(X[:90], X[:90, 0])


# Without scikit-learn


def test_without_scikit_learn_the_extra_is_named():
    code = "import sys; sys.modules['sklearn'] = None; from minidst.estimator import SparseMLPClassifier"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stderr.splitlines()[-1].startswith("ImportError: minidst.estimator needs scikit-learn")
    assert "pip install 'minidst[sklearn]'" in done.stderr
