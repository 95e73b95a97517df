"""`check` prints ✓ for right answers alone, and where wrong ones go wrong."""

import numpy as np
import pytest

from minidst.analysis.exercise import check


def said(capsys, *arguments, **named):
    check(*arguments, **named)
    return capsys.readouterr().out.rstrip("\n")


@pytest.mark.parametrize(
    ("answer", "want"),
    [(3, 3), (0.1 + 0.2, 0.3), ([1, 2], np.array([1.0, 2.0])), ("csr", "csr"), (True, True), ([], [])],
)
def test_right(answer, want, capsys):
    assert said(capsys, answer, want) == "✓ right"


@pytest.mark.parametrize(("answer", "want", "message"), [
    (4, 3, "✗ it is 4, and should be 3"), ([1, 5], [1, 2], "✗ entry [1] is 5, and should be 2"),
    (np.ones((2, 3)), np.eye(2, 3), "✗ entry [0, 1] is 1, and should be 0"),
    (np.ones(3), np.ones((3, 1)), "✗ its shape is (3,), and should be (3, 1)"),
    ("coo", "csr", "✗ it is 'coo', and should be 'csr'"), ("three", 3, "✗ it is 'three', and should hold numbers"),
    (float("nan"), 1.0, "✗ it is nan, and should be 1"),
    ([5, float("inf")], [2, float("inf")], "✗ entry [0] is 5, and should be 2"),
    ([2, 1e9], [2, float("inf")], "✗ entry [1] is 1e+09, and should be inf"),
])  # fmt: skip
def test_wrong(answer, want, message, capsys):
    assert said(capsys, answer, want) == message


def square(x): ...


@pytest.mark.parametrize(
    ("answer", "arguments"), [*((answer, [3]) for answer in (..., (1, ...), [...])), (square, [lambda x: x * x, (2,)])]
)
def test_a_blank_or_a_function_without_a_body_is_not_wrong(answer, arguments, capsys):
    assert said(capsys, answer, *arguments).startswith("· not answered yet")


def test_a_function_is_tried_on_every_case(capsys):
    assert said(capsys, lambda x: x * x, lambda x: x**2, (2,), (-3,)) == "✓ right"
    assert said(capsys, lambda x: x + x, lambda x: x**2, (2,), (-3,)) == "✗ it is -6, and should be 9\n  for -3"


def test_a_function_that_raises_is_answered_with_its_error(capsys):
    assert "it raises ZeroDivisionError: " in said(capsys, lambda x: 1 / x, lambda x: 0, (0,))


def test_an_answer_cannot_spoil_the_case_for_the_one_it_is_compared_with(capsys):
    def spoils(x):
        x[:] = 0
        return x

    case = np.ones(3)
    assert said(capsys, spoils, lambda x: x, (case,)).startswith("✗ entry [0] is 0, and should be 1")
    assert case.sum() == 3


def test_a_known_mistake_gets_its_remark(capsys):
    assert said(capsys, 12, 24, mistakes=[(12, "you counted one index per connection")]) == (
        "✗ you counted one index per connection"
    )
    remark = [(lambda x: x + x, "that doubles")]
    assert said(capsys, lambda x: 2 * x, lambda x: x**2, (3,), mistakes=remark) == "✗ that doubles\n  for 3"


def test_a_judge_decides_where_many_answers_are_right(capsys):
    def even(answer):
        return None if answer % 2 == 0 else f"{answer} is odd"

    assert said(capsys, 4, even) == "✓ right"
    assert said(capsys, 5, even) == "✗ 5 is odd"
