"""`python -m agentos.testing`: a provider to try things out with, until Ctrl-C."""

import argparse
import signal
import sys
import threading
from dataclasses import replace

from agentos.testing.documents import author
from agentos.testing.exchanges import Asked, Wire
from agentos.testing.replies import Say
from agentos.testing.server import LoopbackServer


def main(arguments: list[str] | None = None) -> int:
    """Print a base URL a line, then serve until SIGINT; gives the exit code that stands for it."""
    # A script's `&` makes us ignore SIGINT, and then nothing but SIGKILL or SIGTERM would help.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    parser = argparse.ArgumentParser(
        prog="python -m agentos.testing",
        description="A model provider on 127.0.0.1 that takes any key and writes documents.",
    )
    parser.add_argument(
        "--port", type=_port, default=0, metavar="N", help="where to listen (default: any)"
    )
    parser.add_argument(
        "--delay", type=float, default=0.0, metavar="SECONDS", help="time before each chunk"
    )
    options = parser.parse_args(arguments)

    def script(asked: Asked) -> Say:
        return replace(author(asked), delay=options.delay)

    try:
        with LoopbackServer(script, port=options.port) as server:
            urls = "".join(f"{wire} {server.base_url(wire)}\n" for wire in Wire)
            sys.stdout.write(urls)
            sys.stdout.flush()
            threading.Event().wait()
    except OSError as error:
        parser.error(f"port {options.port} cannot be used: {error.strerror}")
    except KeyboardInterrupt:
        pass
    return 130


def _port(text: str) -> int:
    port = int(text)
    if not 0 <= port < 2**16:
        raise argparse.ArgumentTypeError("a port is a number up to 65535")
    return port


if __name__ == "__main__":
    sys.exit(main())
