"""Has every Python process that a command starts write down each exception that is raised in it."""

import ast
from pathlib import Path

VARIABLE = "EXCEPTIONS_TO"
"""Names the folder of the notes: a file for each process."""

# Runs before anything of ours, in each process. A line of a note is a place and what the exception
# and all that it is chained to say of themselves: repr, str and notes.
_SITECUSTOMIZE = """
import builtins, os, sys, threading

_notes = open(os.path.join(os.environ["EXCEPTIONS_TO"], f"{os.getpid()}.txt"), "a", buffering=1)
_told = set()


def _texts(error):
    seen = set()
    links = [error]
    while links:
        link = links.pop()
        if link is None or id(link) in seen:
            continue
        seen.add(id(link))
        links += link.__cause__, link.__context__, *getattr(link, "exceptions", ())
        for say in (repr, str):
            try:
                yield say(link)
            except Exception:
                yield f"a {type(link).__name__} that cannot say what it is"
        yield from map(str, getattr(link, "__notes__", ()))


def _inside(frame, event, arg):
    if event == "exception":
        text = "|".join(_texts(arg[1]))
        place = f"{frame.f_code.co_filename}:{frame.f_lineno} {arg[0].__name__}"
        if (line := ascii((place, text))) not in _told:
            _told.add(line)
            _notes.write(line + chr(10))
    return _inside


def _enter(frame, event, arg):
    if frame.f_code.co_filename.startswith("<frozen "):
        return None
    frame.f_trace_lines = False
    return _inside


def _import_untraced(*args, _import=builtins.__import__, **options):
    # Tracing makes it slow, and a module that is being imported knows no key.
    trace = sys.gettrace()
    sys.settrace(None)
    try:
        return _import(*args, **options)
    finally:
        sys.settrace(trace)


builtins.__import__ = _import_untraced
sys.settrace(_enter)
threading.settrace(_enter)
"""


def settings(scratch: Path) -> dict[str, str]:
    """The environment that makes it so; the notes are below `scratch`, in `exceptions`."""
    path = scratch / "path"
    path.mkdir()
    (path / "sitecustomize.py").write_text(_SITECUSTOMIZE)
    notes = scratch / "exceptions"
    notes.mkdir()
    return {"PYTHONPATH": str(path), VARIABLE: str(notes)}


def read(scratch: Path) -> list[tuple[str, bytes]]:
    """Where each was raised, and what it said, of all processes."""
    noted = [
        ast.literal_eval(line)
        for note in sorted((scratch / "exceptions").glob("*.txt"))
        for line in note.read_text(encoding="ascii").splitlines(keepends=True)
        if line.endswith("\n")  # a process that was killed leaves half a line
    ]
    return [(place, text.encode("utf-8", "surrogatepass")) for place, text in noted]
