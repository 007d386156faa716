"""The entry of a workflow process: `python -m agentos.child`, started by an engine.

Its four channels: stdin brings the spec as one JSON line and then is the lifeline, whose end means
that the parent is gone; stdout and stderr are for people; the events pipe takes one JSON object a
line, the last of them the report; the lease server lends credentials.

Handlers are in place before anything heavy is imported. Until then signals are blocked, for the
parent starts this process so. Where memory ends before a report can be made, the exit code says so.
"""

import os
import queue
import signal
import sys
from types import FrameType
from typing import Any, NoReturn

from agentos.core.shortage import NO_ROOM_EXIT_CODE, no_room

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def main() -> NoReturn:
    """Run the item that stdin names; exit code 0 means that the report can be believed."""
    inbox: queue.SimpleQueue[Any] = queue.SimpleQueue()

    def handle(signum: int, _frame: FrameType | None) -> None:
        inbox.put(signum)

    for signum in _SIGNALS:
        signal.signal(signum, handle)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)
    try:
        code = _run(inbox)
    except (OSError, RuntimeError, MemoryError) as error:
        if not no_room(error):
            raise
        code = NO_ROOM_EXIT_CODE
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            code = code or 1  # nobody reads any more; the journal has what counts
    os._exit(code)  # an abandoned call's thread must not hold up the exit


def _run(inbox: "queue.SimpleQueue[Any]") -> int:
    from agentos import child_channels as channels  # noqa: PLC0415 - after the handlers
    from agentos.core.child_spec import ChildSpec  # noqa: PLC0415

    lifeline = channels.take_stdin()
    line = channels.read_line(lifeline)
    if line is None:
        return 1  # the parent died before it had said what to do
    spec = ChildSpec.from_json(line)
    emit = channels.event_writer(spec.events_fd, spec.work.item.label)

    import traceback  # noqa: PLC0415 - after the handlers

    from agentos.core.errors import AgentosError  # noqa: PLC0415
    from agentos.core.events import Heartbeat, Reported  # noqa: PLC0415
    from agentos.core.outcomes import Outcome  # noqa: PLC0415

    try:
        channels.watch_lifeline(lifeline, inbox, give_up=lambda: os._exit(1))

        from agentos.interruption import Interruption  # noqa: PLC0415
        from agentos.item_runner import run_item  # noqa: PLC0415
        from agentos.workflows.parallel.lease_client import LeaseClient  # noqa: PLC0415

        report = run_item(
            spec.work,
            leases=LeaseClient(spec.leases.address, spec.leases.authkey, spec.leases.tokens),
            interruption=Interruption(inbox, grace=spec.work.grace, beat=lambda: emit(Heartbeat())),
            emit=emit,
            say=channels.say,
            environ=os.environ,
        )
    except AgentosError as error:
        report = Reported(outcome=Outcome.FAILED, error=str(error))
    except Exception as error:  # noqa: BLE001 - a fault of our own: the log gets the traceback
        if told := no_room(error):
            report = Reported(outcome=Outcome.FAILED, error=told, may_pass=True)
        else:
            traceback.print_exc()
            report = Reported(outcome=Outcome.FAILED, error=f"internal error: {error!r}")
    emit(report)
    return 1 if report.outcome is Outcome.FAILED else 0


if __name__ == "__main__":
    main()
