import subprocess

import pytest

from tools.facts import put
from tools.finding import WRITE
from tools.test_pages import PAGE, only

LIST = "docs/addresses.txt"


def git(root, *arguments):
    settings = ["-c", "user.name=A", "-c", "user.email=a@b.c"]
    subprocess.run(["git", *settings, *arguments], cwd=root, check=True)


def test_every_page_and_heading_is_listed(tiny):
    lines = tiny.read(LIST).splitlines()
    assert lines == sorted(lines)
    assert {"docs/README.md", PAGE, f"{PAGE}#a-claim", f"{PAGE}#output"} <= {*lines}


def test_a_claim_renamed(tiny):
    tiny.edit(PAGE, "### a claim", "### A better claim")
    tiny.edit(PAGE, "[a link](#a-claim)", "[a link](#a-better-claim)")
    tiny.edit(PAGE, "[what differs](#a-claim)", "[what differs](#a-better-claim)")
    tiny.edit(PAGE, "[what goes wrong](#a-claim)", "[what](#a-better-claim)")
    tiny.write()
    place, message, advice, _ = only(tiny)
    line = tiny.read(LIST).splitlines().index(f"{PAGE}#a-claim") + 1
    assert place == f"{LIST}:{line}"
    assert message == f"{PAGE}#a-claim was published, and leads nowhere now"
    assert advice.startswith(
        f'put <a id="a-claim"></a> above the heading in {PAGE} that replaces it, '
        "nearest: a-better-claim"
    )
    tiny.edit(PAGE, "### A better", '<a id="a-claim"></a>\n\n### A better')
    tiny.write()
    assert tiny.said() == ""
    # The old address is an address of the claim: a bullet may use it.
    tiny.edit(PAGE, "[what](#a-better-claim)", "[what](#a-claim)")
    assert tiny.said() == ""


def test_an_old_address_removed(tiny):
    tiny.edit(PAGE, "### a claim", '<a id="old"></a>\n\n### a claim')
    tiny.write()
    assert tiny.said() == ""
    tiny.edit(PAGE, '<a id="old"></a>\n\n', "")
    assert only(tiny)[1] == f"{PAGE}#old was published, and leads nowhere now"


def test_a_page_that_has_moved_leaves_a_page_behind(tiny):
    put(tiny.root / "docs/feed/old.md", "# Old\n")
    put(tiny.root / LIST, tiny.read(LIST) + "docs/feed/old.md\n")
    (tiny.root / "docs/feed/old.md").unlink()
    _, message, advice, _ = only(tiny)
    assert message == "docs/feed/old.md: the page was published, and is gone"
    stub = "This page has moved to […](…)."
    assert advice == f"leave a page at docs/feed/old.md: “{stub}”"
    stub = "# Old\n\nThis page has moved to [Tiny feed](tiny.md).\n"
    put(tiny.root / "docs/feed/old.md", stub)
    tiny.write()
    assert tiny.said() == ""


def test_a_new_address_is_not_in_the_list(tiny):
    put(tiny.root / LIST, tiny.read(LIST).replace(f"{PAGE}#a-claim\n", ""))
    _, message, advice, _ = only(tiny)
    assert message == f"addresses that are not in the list: {PAGE}#a-claim"
    assert advice == WRITE


@pytest.mark.parametrize("committed", [False, True])
def test_what_a_branch_only_tried_out_is_not_kept(tiny, committed):
    git(tiny.root, "init", "--quiet", "--initial-branch", "main")
    git(tiny.root, "add", ".")
    git(tiny.root, "commit", "--quiet", "--message", "Published")
    git(tiny.root, "switch", "--quiet", "--create", "mine")
    tiny.edit(PAGE, "### a claim", "### a draft\n\nProof: x\n\n### a claim")
    tiny.write()
    assert f"{PAGE}#a-draft\n" in tiny.read(LIST)
    if committed:
        git(tiny.root, "commit", "--quiet", "--all", "--message", "Draft")
    tiny.edit(PAGE, "### a draft\n\nProof: x\n\n", "")
    put(tiny.root / LIST, tiny.read(LIST).replace(f"{PAGE}#a-claim\n", ""))
    tiny.write()
    assert f"{PAGE}#a-draft\n" not in tiny.read(LIST)
    assert f"{PAGE}#a-claim\n" in tiny.read(LIST)
