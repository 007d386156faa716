import string
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentos.core.config.credentials import load_credentials
from agentos.core.config.environment import child_environment, simulate_rate_limits

KEY, OTHER = "sk-ant-api03-Zm9vYmFy/+=", "AIzaSyD-1234567890abcdefghijklmnopqrstu"
NOWHERE = Path("/nowhere")


def test_a_child_sees_no_credential() -> None:
    environ = {
        "PATH": "/bin",
        "A_KEY": KEY,
        "B_KEY": OTHER,
        "COPY": KEY,
        "URL": f"https://user:{OTHER}@host/",
        "ANTHROPIC_API_KEY": "unconfigured",
        "ANTHROPIC_AUTH_TOKEN": "unconfigured",
        "OPENAI_API_KEY": "unconfigured",
        "GEMINI_API_KEY": "unconfigured",
        "GOOGLE_API_KEY": "unconfigured",
        "OPENAI_CUSTOM_HEADERS": "X-Key: unconfigured",
        "ANTHROPIC_CUSTOM_HEADERS": "X-Key: unconfigured",
        "ANTHROPIC_LOG": "debug",
        "OPENAI_LOG": "debug",
        "ACME_KEY": "a third party's",
        "AGENTOS_CREDENTIALS": "a:A_KEY,b:B_KEY",
        "AGENTOS_CREDENTIAL_LIMIT": "1",
    }
    credentials = load_credentials(environ, NOWHERE, key_variables={"acme": "ACME_KEY"})
    child = child_environment(environ, credentials)
    assert child.keys() == {"PATH", "AGENTOS_CREDENTIALS", "AGENTOS_CREDENTIAL_LIMIT"}


def test_a_short_secret_takes_only_its_equals_along() -> None:
    environ = {"A_KEY": "a", "SAME": " a ", "PATH": "/a/bin"}
    credentials = load_credentials(environ | {"AGENTOS_CREDENTIALS": "main:A_KEY"}, NOWHERE)
    assert child_environment(environ, credentials) == {"PATH": "/a/bin"}


@given(
    secret=st.text(string.ascii_letters + string.digits + string.punctuation, min_size=8),
    before=st.text("ab ", max_size=3),
    after=st.text("ab ", max_size=3),
)
def test_no_variable_with_a_secret_passes(secret: str, before: str, after: str) -> None:
    environ = {"A_KEY": secret, "COPY": before + secret + after}
    credentials = load_credentials(environ | {"AGENTOS_CREDENTIALS": "main:A_KEY"}, NOWHERE)
    assert child_environment(environ, credentials) == {}


def test_a_variable_of_an_sdk_is_withheld_whatever_it_holds() -> None:
    environ = {"OPENAI_API_KEY": "", "ACME_KEY": "", "LANG": "C"}
    credentials = load_credentials(environ, NOWHERE, key_variables={"acme": "ACME_KEY"})
    assert child_environment(environ, credentials) == {"LANG": "C"}


@pytest.mark.parametrize("value", ["true", " TRUE ", "1", "yes", "on"])
def test_rate_limits_are_simulated_on_request(value: str) -> None:
    assert simulate_rate_limits({"AGENTOS_SIMULATE_429": value})


@pytest.mark.parametrize("value", ["", "false", "0", "no", "off"])
def test_rate_limits_are_not_simulated_otherwise(value: str) -> None:
    assert not simulate_rate_limits({"AGENTOS_SIMULATE_429": value})
    assert not simulate_rate_limits({})
