import pytest

from tools.writing import put


def test_the_new_text_and_the_old_mode(tmp_path):
    path = tmp_path / "new" / "page.md"
    put(path, "one\n")
    path.chmod(0o640)
    put(path, "tw…\n")
    assert path.read_bytes() == "tw…\n".encode()
    assert path.stat().st_mode & 0o777 == 0o640
    assert list(path.parent.iterdir()) == [path]


def test_a_failure_leaves_the_old_text_and_nothing_else(tmp_path):
    path = tmp_path / "page.md"
    put(path, "one\n")
    with pytest.raises(UnicodeEncodeError):
        put(path, "two\udc80\n")
    assert path.read_text("utf-8") == "one\n"
    assert list(tmp_path.iterdir()) == [path]
