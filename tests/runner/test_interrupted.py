"""Ctrl-C ends every command with a sentence."""

import re
from pathlib import Path

import pytest

import emocam_utils
from emocam_utils.runner import __main__ as runner

PACKAGE = Path(emocam_utils.__file__).parent
AT_ONCE = {"checks.py", "runner/committed.py", "corpora/emoscenes/artwork.py"}  # done in no time


def test_make_says_that_it_was_interrupted(monkeypatch, capsys):
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(runner, "plan", interrupted)
    assert runner.main(["paper", "--study", "tiny"]) == 130
    assert capsys.readouterr().err.startswith("interrupted: what is finished is kept")


@pytest.mark.parametrize(
    "file",
    [
        name
        for file in sorted(PACKAGE.rglob("*.py"))
        if 'if __name__ == "__main__":' in file.read_text(encoding="utf-8")
        and (name := str(file.relative_to(PACKAGE))) not in AT_ONCE
    ],
)
def test_every_command_expects_to_be_interrupted(file):
    text = (PACKAGE / file).read_text(encoding="utf-8")
    assert re.search(r"with (progress\.)?explained\(|except KeyboardInterrupt", text)
