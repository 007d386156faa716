import subprocess

import pytest

from agentos.core.shell import quoted

WORDS = [
    "plain",
    "two words",
    "it's",
    "$(reboot) `reboot` ; rm -rf ~",
    "new\nline",
    "\x1b[31mred\x07\\'",
    "caf\udce9",  # a file name that is no UTF-8
    "\u202eright to left",
    "日本",
]


@pytest.mark.parametrize("word", WORDS, ids=ascii)
def test_a_shell_reads_the_very_word(word: str) -> None:
    line = quoted(word)
    assert line.isprintable()
    printed = subprocess.run(["bash", "-c", f"printf %s {line}"], capture_output=True, check=True)
    assert printed.stdout == word.encode("utf-8", "surrogateescape")
