"""agentos: work through a backlog with language models, many items at once, nothing lost."""

__version__ = "0.1.0"
