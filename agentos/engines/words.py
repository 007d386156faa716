"""What is said to the thread that decides about a child."""

from enum import Enum, auto


class Word(Enum):
    """Arrives in a child's inbox, beside its events and the error that ended their reading."""

    STOP = auto()
    """Somebody wishes its end."""
    STOPPED = auto()
    """The system has stopped it, as Ctrl-Z would."""
    CONTINUED = auto()
    ENDED = auto()
