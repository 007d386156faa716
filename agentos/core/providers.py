"""What an entry point of the group `agentos.models` names: a provider of models."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from agentos.core.calls import Model
from agentos.core.model_settings import ModelSettings


@dataclass(frozen=True, slots=True)
class Provider:
    """A family of models that are reached in one way. To import it must not import an SDK.

    `name` is what its models' names begin with: `anthropic` of `anthropic/NAME`; for a provider
    with `has_one_model` it is the whole name. `build(settings, environ)` makes the adapter, and
    raises ConfigError for a setting that is wrong.

    `requirement` is what pip has to install, such as `anthropic>=2,<3`, and `module` what that
    brings; both are empty where nothing is needed. `key_variable` and `base_url_variable` are
    where the provider's own tools look for a key and a URL. A key is needed with the provider's
    own service if `needs_key`; a server at a `base_url` of the user's may do without. Calls of one
    that `is_free` cost nothing and need no limit. One that `writes_cache` may charge more than
    plain input for what it puts into its prompt cache, so a budget needs that price.
    """

    name: str
    build: Callable[[ModelSettings, Mapping[str, str]], Model]
    requirement: str = ""
    module: str = ""
    key_variable: str = ""
    base_url_variable: str = ""
    needs_key: bool = True
    has_one_model: bool = False
    is_free: bool = False
    writes_cache: bool = False
