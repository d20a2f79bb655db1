"""README's words for setting up are those that everything else uses."""

import re

from tools.catalogue import ROOT


def test_the_workflows_set_up_as_the_readme_says():
    readme = ROOT.joinpath("README.md").read_text("utf-8")
    workflow = ROOT.joinpath(".github", "workflows", "ci.yml").read_text("utf-8")
    commands = re.findall(r"run: (.*requirements/nox.txt)", workflow)
    assert len(commands) == 2  # as a POSIX shell has it, and as PowerShell has it
    for command in commands:
        assert command in readme
