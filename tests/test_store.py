"""Files that are either whole or not there."""

import os
import stat

import pytest

from minidst._support.atomic_write import atomic_write, check_writable

pytestmark = pytest.mark.small


@pytest.fixture
def umask():
    """Set the process's umask for one test."""
    old = os.umask(0o022)
    yield os.umask
    os.umask(old)


def test_what_was_written_is_moved_to_its_name(tmp_path):
    path = tmp_path / "result.csv"
    with atomic_write(path) as temporary:
        temporary.write_text("new")
        assert not path.exists()
    assert path.read_text() == "new"
    assert list(tmp_path.iterdir()) == [path]


def test_the_temporary_file_lies_beside_the_target_and_has_its_suffix(tmp_path):
    with atomic_write(tmp_path / "figure.tar.svg") as temporary:
        assert temporary.parent == tmp_path
        assert temporary.suffix == ".svg"


def test_the_path_may_be_a_string(tmp_path):
    with atomic_write(str(tmp_path / "a")) as temporary:
        temporary.write_text("x")
    assert (tmp_path / "a").read_text() == "x"


def test_a_name_without_folder_means_the_working_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with atomic_write("a.txt") as temporary:
        temporary.write_text("x")
    assert (tmp_path / "a.txt").read_text() == "x"


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt, SystemExit])
@pytest.mark.parametrize("old", [None, "old"])
def test_a_block_that_fails_leaves_what_was_there_and_nothing_else(error, old, tmp_path):
    path = tmp_path / "result.csv"
    if old:
        path.write_text(old)

    def write():
        with atomic_write(path) as temporary:
            temporary.write_text("half")
            raise error

    with pytest.raises(error):
        write()
    assert [file.read_text() for file in tmp_path.iterdir()] == ([old] if old else [])


@pytest.mark.parametrize(("mask", "mode"), [(0o022, 0o644), (0o027, 0o640), (0o077, 0o600), (0, 0o666)])
def test_a_new_file_has_the_permissions_that_open_would_give(mask, mode, tmp_path, umask):
    umask(mask)
    with atomic_write(tmp_path / "a") as temporary:
        temporary.touch()
        assert stat.S_IMODE(temporary.stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == mode
    assert umask(mask) == mask


@pytest.mark.parametrize("write", [atomic_write, check_writable])
@pytest.mark.parametrize("folder", ["missing", "a-file", "a-file/deeper"])
def test_a_folder_that_cannot_take_a_file_is_a_value_error_naming_it_and_the_remedy(write, folder, tmp_path):
    (tmp_path / "a-file").touch()
    path = tmp_path / folder / "result.csv"
    with pytest.raises(ValueError, match=r"cannot write .*choose another folder") as caught, write(path):
        pass
    assert str(tmp_path / folder) in str(caught.value)
    assert "\n" not in str(caught.value)
    assert [file.name for file in tmp_path.iterdir()] == ["a-file"]


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write anywhere")
@pytest.mark.parametrize("write", [atomic_write, check_writable])
def test_a_folder_without_write_permission_is_a_value_error(write, tmp_path):
    locked = tmp_path / "locked"
    locked.mkdir(mode=0o555)
    with pytest.raises(ValueError, match="locked"), write(locked / "result.csv"):
        pass
    assert list(locked.iterdir()) == []


def test_a_target_that_is_a_folder_is_a_value_error_and_stays_one(tmp_path):
    def write():
        with atomic_write(tmp_path / "results") as temporary:
            temporary.write_text("x")

    (tmp_path / "results").mkdir()
    with pytest.raises(ValueError, match="results"):
        write()
    assert [file.name for file in tmp_path.iterdir()] == ["results"]


def test_check_folder_says_so_beforehand_of_a_target_that_is_a_folder(tmp_path):
    with pytest.raises(ValueError, match=tmp_path.name):
        check_writable(tmp_path)


def test_a_path_that_is_no_file_name_is_told_in_words():
    with pytest.raises(ValueError, match="cannot write"):
        check_writable(".")


def test_check_folder_leaves_no_trace_and_no_change(tmp_path):
    old = tmp_path / "result.csv"
    old.write_text("old")
    check_writable(old)
    check_writable(tmp_path / "new.csv")
    assert list(tmp_path.iterdir()) == [old]
    assert old.read_text() == "old"


def test_the_message_names_the_file_that_was_asked_for_and_no_helper_file(tmp_path):
    with pytest.raises(ValueError, match="cannot write") as caught:
        check_writable(tmp_path / "missing" / "result.csv")
    assert str(tmp_path / "missing" / "result.csv") in str(caught.value)
    assert ".try" not in str(caught.value)


@pytest.mark.parametrize("write", [atomic_write, check_writable])
def test_the_message_is_one_line_whatever_the_path(write, tmp_path):
    path = tmp_path / "two\nlines" / "result.csv"
    with pytest.raises(ValueError, match="cannot write") as caught, write(path):
        pass
    assert "\n" not in str(caught.value)


def test_the_content_is_on_the_disk_before_it_has_its_name(tmp_path, monkeypatch):
    path, seen = tmp_path / "a", []
    fsync = os.fsync

    def watched(handle):
        seen.append((stat.S_ISDIR(os.fstat(handle).st_mode), path.exists()))
        fsync(handle)

    monkeypatch.setattr(os, "fsync", watched)
    with atomic_write(path) as temporary:
        temporary.write_text("x")
    assert seen == [(False, False), (True, True)]  # the file, then the folder that names it


def leftovers(folder):
    return sorted(file.name for file in folder.iterdir() if file.name.startswith("."))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_what_a_killed_writer_left_is_removed_and_what_a_living_one_writes_is_not(tmp_path):
    path = tmp_path / "result.csv"
    child = os.fork()
    if child == 0:
        with atomic_write(path) as temporary:
            temporary.write_text("half")
            os._exit(9)  # as if killed
    os.waitpid(child, 0)
    assert len(leftovers(tmp_path)) == 1
    (tmp_path / ".result.csv").touch()
    (tmp_path / ".other.minidst-abcdefgh.csv").touch()
    kept = leftovers(tmp_path)[:2]
    with atomic_write(path) as living:
        living.write_text("old")
        assert leftovers(tmp_path) == sorted([*kept, living.name])
        with atomic_write(path) as temporary:
            temporary.write_text("new")
        assert living.exists()
    assert path.read_text() == "old"  # the last to finish
    assert leftovers(tmp_path) == kept == [".other.minidst-abcdefgh.csv", ".result.csv"]
