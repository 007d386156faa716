"""Looks at real processes, and starts them on a terminal."""

import os
import pty
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import psutil

# As a shell would: Ctrl-C reaches only those whose controlling terminal it was typed at.
_ON_ITS_TERMINAL = (
    "import fcntl, os, sys, termios\n"
    "os.setsid()\n"
    "fcntl.ioctl(0, termios.TIOCSCTTY, 0)\n"
    "os.execvp(sys.argv[1], sys.argv[1:])\n"
)


def start_on_terminal(
    argv: Sequence[str], folder: Path, environ: Mapping[str, str]
) -> "tuple[subprocess.Popen[bytes], int]":
    """The process, in a session of its own, and the descriptor by which its terminal is used."""
    ours, its = pty.openpty()
    try:
        process = subprocess.Popen(
            [sys.executable, "-c", _ON_ITS_TERMINAL, *argv],
            stdin=its,
            stdout=its,
            stderr=its,
            cwd=folder,
            env=environ,
        )
    finally:
        os.close(its)
    return process, ours


def is_gone(pid: int) -> bool:
    """Whether it does nothing any more; a zombie only waits for somebody to take its status."""
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True
