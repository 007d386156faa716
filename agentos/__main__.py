"""`python -m agentos`, and the `agentos` command: the same program."""

import os
import sys

_HERE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))  # noqa: PTH100, PTH120 - below
if __name__ == "__main__" and sys.path[0] == os.getcwd() != _HERE:  # noqa: PTH109 - below
    # `python -m` looks into the working directory first, which may be a stranger's project: nothing
    # is imported before that is undone.
    del sys.path[0]

import signal  # noqa: E402 - after the line above


def main() -> None:
    """Run the command line; ends the process."""
    if os.name == "nt":
        sys.stderr.write("agentos runs on Linux and macOS; on Windows, use it inside WSL.\n")
        sys.exit(2)
    # Ctrl-C during the imports ends the program as a signal does, not with a traceback; this also
    # undoes a SIGINT that a script's `&` made us ignore.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    # Who started us may not care for children; of ours the status is wanted.
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    # What we write is at least ours, whatever is kept from others.
    os.umask(os.umask(0o077) & 0o077)
    from agentos.cli.main import run  # noqa: PLC0415 - after the handler

    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
