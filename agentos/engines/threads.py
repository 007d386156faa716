"""How the threads around a child are started: where there is room for no more, that may pass."""

import threading

from agentos.core.errors import EngineBusy


def start_thread(thread: threading.Thread) -> None:
    """Start it; raises EngineBusy where the machine or the user has no room for another."""
    try:
        thread.start()
    except RuntimeError as error:
        raise EngineBusy(
            f"no child can be watched: {error}", "is the machine out of processes or memory?"
        ) from error
