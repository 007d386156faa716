"""Words of a shell's command line."""

import os
import shlex


def quoted(text: str) -> str:
    """`text` as one word, on one line, whatever it holds.

    >>> quoted("it is")
    "'it is'"
    """
    if text.isprintable():
        return shlex.quote(text)
    # What bash, zsh and ksh read: a screen shows every letter of it as it is.
    return "$'" + "".join(map(_escaped, os.fsencode(text))) + "'"


def _escaped(byte: int) -> str:
    is_plain = 0x20 <= byte < 0x7F and chr(byte) not in "\\'"
    return chr(byte) if is_plain else f"\\x{byte:02x}"
