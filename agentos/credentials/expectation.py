"""What the next call will take, learned from what those before it took."""

from agentos.core.calls import Usage

_UNKNOWN_INPUT, _UNKNOWN_OUTPUT = 0.5, 0.25
"""Of the most that a call may take, what is expected of it before one has ended."""

_LEARNING = 0.1
"""How much one call changes what is expected of the next."""


class Expectation:
    """Tokens, as shares of the most that a call may take, and `seconds`: 0 until one has ended."""

    def __init__(self) -> None:
        self._input_share = _UNKNOWN_INPUT
        self._output_share = _UNKNOWN_OUTPUT
        self.seconds = 0.0

    def of(self, most: Usage) -> Usage:
        """What a call that may take so much will take."""
        return Usage(
            int(most.input_tokens * self._input_share), int(most.output_tokens * self._output_share)
        )

    def learn(self, most: Usage, usage: Usage | None, seconds: float) -> None:
        """Hear what a call took that was answered; None where nobody tells the tokens."""
        self.seconds += (seconds - self.seconds) * (_LEARNING if self.seconds else 1.0)
        if usage is None:
            return
        if most.input_tokens:
            share = usage.input_tokens / most.input_tokens
            self._input_share += _LEARNING * (share - self._input_share)
        if most.output_tokens:
            share = usage.output_tokens / most.output_tokens
            self._output_share += _LEARNING * (share - self._output_share)
