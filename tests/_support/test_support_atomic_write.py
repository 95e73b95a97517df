"""Files that are either whole or not there."""

import os
import stat

import pytest

from minidst._support.atomic_write import atomic_write, check_writable

not_root = pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write anywhere")
both = pytest.mark.parametrize("write", [atomic_write, check_writable])


@pytest.fixture
def umask():
    """Set the process's umask for one test."""
    old = os.umask(0o022)
    yield os.umask
    os.umask(old)


@pytest.mark.parametrize("convert", [lambda path: path, str, lambda path: path.name])
def test_what_was_written_is_moved_to_its_name(convert, tmp_path, monkeypatch):
    """The path may be a string, and a name without a folder is one in the working folder."""
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "result.tar.csv"
    with atomic_write(convert(path)) as temporary:
        assert (temporary.parent, temporary.suffix) == (tmp_path, ".csv")
        temporary.write_text("new")
        assert not path.exists()
    assert path.read_text() == "new"
    assert list(tmp_path.iterdir()) == [path]


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


@both
@pytest.mark.parametrize("folder", ["missing", "a-file", "a-file/deeper", "two\nlines"])
def test_a_folder_that_cannot_take_a_file_is_refused_by_the_name_of_the_file_with_the_remedy(write, folder, tmp_path):
    (tmp_path / "a-file").touch()
    path = tmp_path / folder / "result.csv"
    with pytest.raises(ValueError, match=r"cannot write .*choose another folder") as caught, write(path):
        pass
    assert repr(str(path)) in str(caught.value)
    assert ".try" not in str(caught.value)
    assert "\n" not in str(caught.value)
    assert [file.name for file in tmp_path.iterdir()] == ["a-file"]


@not_root
@both
def test_a_folder_without_write_permission_is_refused(write, tmp_path):
    locked = tmp_path / "locked"
    locked.mkdir(mode=0o555)
    with pytest.raises(ValueError, match="locked"), write(locked / "result.csv"):
        pass
    assert list(locked.iterdir()) == []


@both
def test_a_target_that_is_a_folder_is_refused_and_stays_one(write, tmp_path, monkeypatch):
    (tmp_path / "results").mkdir()
    monkeypatch.chdir(tmp_path)
    for path, named in ((tmp_path / "results", "results"), (".", "cannot write")):
        with pytest.raises(ValueError, match=named), write(path) as temporary:
            temporary.write_text("x")
    assert [file.name for file in tmp_path.iterdir()] == ["results"]


def test_check_writable_leaves_no_trace_and_no_change(tmp_path):
    old = tmp_path / "result.csv"
    old.write_text("old")
    check_writable(old)
    check_writable(tmp_path / "new.csv")
    assert list(tmp_path.iterdir()) == [old]
    assert old.read_text() == "old"


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


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_what_a_killed_writer_left_is_removed_and_what_a_living_one_writes_is_not(tmp_path):
    def leftovers():
        return sorted(file.name for file in tmp_path.iterdir() if file.name.startswith("."))

    path = tmp_path / "result.csv"
    child = os.fork()
    if child == 0:
        with atomic_write(path) as temporary:
            temporary.write_text("half")
            os._exit(9)  # as if killed
    os.waitpid(child, 0)
    assert len(leftovers()) == 1
    (tmp_path / ".result.csv").touch()
    (tmp_path / ".other.minidst-abcdefgh.csv").touch()
    kept = leftovers()[:2]
    with atomic_write(path) as living:
        living.write_text("old")
        assert leftovers() == sorted([*kept, living.name])
        with atomic_write(path) as temporary:
            temporary.write_text("new")
        assert living.exists()
    assert path.read_text() == "old"  # the last to finish
    assert leftovers() == kept == [".other.minidst-abcdefgh.csv", ".result.csv"]
