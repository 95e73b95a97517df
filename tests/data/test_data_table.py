import numpy as np
import pytest

from minidst.data import load

pytestmark = pytest.mark.small


@pytest.fixture
def table(tmp_path):
    def make(text: str | bytes):
        path = tmp_path / "flowers.csv"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return make


def lines(count=10, label=lambda i: i % 2, head=""):
    return head + "".join(f"{i},{i * i},7,{label(i)}\n" for i in range(count))


def test_features_are_standardised_by_the_train_part(table):
    data = load("csv", path=table(lines()), test=0.3)
    assert data.x_train.shape == (7, 3)
    assert data.x_test.shape == (3, 3)
    np.testing.assert_allclose(data.x_train[:, :2].mean(axis=0), 0, atol=1e-6)
    np.testing.assert_allclose(data.x_train[:, :2].std(axis=0), 1, atol=1e-6)
    assert data.name == "flowers"


def test_a_constant_column_is_zero(table):
    data = load("csv", path=table("".join(f"0.1,{i},{i % 2}\n" for i in range(10))))
    assert not data.x_train[:, 0].any()
    assert not data.x_test[:, 0].any()


@pytest.mark.parametrize("head", ["", "a,b,c,kind\n", "1,2,3,kind\n", "\ufeffa,b,c,kind\n", '"a","b\nb",c,kind\n'])
def test_a_header_is_optional(head, table):
    data = load("csv", path=table(lines(head=head)))
    assert len(data.x_train) + len(data.x_test) == 10


def test_text_labels_are_numbered_in_sorted_order(table):
    path = table(lines(label=lambda i: ["rose", "iris", "aster"][i % 3]))
    data = load("csv", path=path, seed=3)
    assert data.classes == 3
    # aster is every third line from 2: i² there tells the rows apart in any order.
    order = np.random.default_rng(3).permutation(10)
    np.testing.assert_array_equal(data.y_test, [[2, 1, 0][i % 3] for i in order[:2]])
    np.testing.assert_array_equal(data.y_train, [[2, 1, 0][i % 3] for i in order[2:]])


def test_numeric_labels_sort_as_numbers(table):
    data = load("csv", path=table("1,10\n2,9\n3,10\n4,9\n"), test=0.5, seed=0)
    rows = np.random.default_rng(0).permutation(4)[:2]
    np.testing.assert_array_equal(data.y_test, [[1, 0, 1, 0][i] for i in rows])


@pytest.mark.parametrize("target", [0, -4, "kind"])
def test_the_label_column_is_chosen_by_index_or_name(target, table):
    text = "kind,a,b,c\n" + "".join(f"{'xy'[i % 2]},{i},{-i},{i * i}\n" for i in range(10))
    data = load("csv", path=table(text), target=target)
    assert (data.classes, data.features) == (2, 3)


def test_the_same_seed_gives_the_same_split(table):
    path = table(lines())
    one, same, other = (load("csv", path=path, seed=seed) for seed in (5, 5, 6))
    np.testing.assert_array_equal(one.x_train, same.x_train)
    assert not np.array_equal(one.x_train, other.x_train)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a,b,kind\n1,2,x\n3,,y\n", ["line 3", "column 2 ('b')", "''"]),
        ("1,2,0\n3,nan,1\n", ["line 2", "column 2", "'nan'"]),
        ("1,2,0\n3,1e39,1\n", ["line 2", "'1e39'"]),
        ("1,2,0\n3,four,1\n", ["line 2", "'four'"]),
        ("1,2,0\n\n3,4\n", ["line 3", "2 columns", "3"]),
        ("1,2,0\n3,4,\n", ["line 2", "blank label"]),
        ("1,2,0.5\n3,4,1\n", ["line 1", "'0.5'", "npz"]),
        ("1,2,0\n3,4,nan\n", ["line 2", "'nan'"]),
        ("1,2,0\n3,4,0\n1,1,0\n", ["classes=1"]),
        ("1,2,0\n", ["1 samples"]),
        ("a,b,c\n", ["0 samples"]),
        ("1\n2\n", ["2 columns"]),
        ("", ["2 columns"]),
        ("\n\n", ["2 columns"]),
        (b"\xff\xfe1,2", ["UTF-8"]),
        ('1,"2,3\n', ["CSV"]),
        ("1,2," + "9" * 200_000 + "\n", ["field limit"]),
    ],
)
def test_a_bad_table_is_refused_with_line_and_column(text, words, table, refused):
    with refused("flowers", *words):
        load("csv", path=table(text), test=0.5)


@pytest.mark.parametrize(
    ("where", "words"),
    [
        ({"target": 4}, ["4 columns", "target=4"]),
        ({"target": -5}, ["-4..3"]),
        ({"target": "colour"}, ["'colour'"]),
        ({"target": 1.0}, ["target=1.0"]),
        ({"test": 0}, ["test=0"]),
        ({"test": 1.5}, ["test=1.5"]),
        ({"test": 0.01}, ["10 samples", "0 to test"]),
        ({"test": "half"}, ["'half'"]),
        ({"seed": -1}, ["seed=-1"]),
        ({"seed": None}, ["seed=None"]),
    ],
)
def test_a_bad_setting_is_refused(where, words, table, refused):
    with refused("flowers", *words):
        load("csv", path=table(lines()), **where)


def test_a_missing_file_is_refused(tmp_path, refused):
    with refused("none.csv", "No such file"):
        load("csv", path=tmp_path / "none.csv")
    with refused("path=7"):
        load("csv", path=7)
