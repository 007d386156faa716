import pytest

from agentos.core.calls import Model
from agentos.core.errors import ConfigError
from agentos.models.registry import load_model


def test_the_embedded_model_is_known_by_its_name() -> None:
    model: Model = load_model("embedded", {})
    assert (model.name, model.provider) == ("embedded", "embedded")


@pytest.mark.parametrize("name", ["", "Embedded", "openai/gpt", "embedded "])
def test_another_name_is_an_error_that_says_what_there_is(name: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load_model(name, {})
    assert repr(name) in str(caught.value)
    assert "embedded" in caught.value.hint


@pytest.mark.parametrize("latency", ["", " ", "0", "0.25", "1e1"])
def test_the_latency_is_a_number_of_seconds(latency: str) -> None:
    load_model("embedded", {"AGENTOS_EMBEDDED_LATENCY": latency})


@pytest.mark.parametrize("latency", ["soon", "-1", "nan", "inf", "1,5", "999999"])
def test_a_bad_latency_is_an_error(latency: str) -> None:
    with pytest.raises(ConfigError, match="AGENTOS_EMBEDDED_LATENCY"):
        load_model("embedded", {"AGENTOS_EMBEDDED_LATENCY": latency})
