"""What `credentials.toml` may say of quotas and limits, and when it contradicts itself."""

from pathlib import Path

import pytest

from agentos.core.config.credentials import load_credentials
from agentos.core.credentials import Credential, RateLimits
from agentos.core.errors import ConfigError


def entry(name: str, *lines: str, provider: str = "openai") -> str:
    said = "".join(f"{line}\n" for line in lines)
    key = f"sk-made-up-{name}-0123456789"
    return f'[[credential]]\nname = "{name}"\nprovider = "{provider}"\nsecret = "{key}"\n{said}'


def loaded(folder: Path, *entries: str) -> tuple[Credential, ...]:
    file = folder / "credentials.toml"
    file.write_text("".join(entries))
    file.chmod(0o600)
    return load_credentials({}, folder).usable


def test_what_is_said_of_limits_reaches_the_credential(tmp_path: Path) -> None:
    [one] = loaded(tmp_path, entry("a", "rpm = 50", "tpm = 4", "input_tpm = 3", "output_tpm = 2"))
    assert one.limits == RateLimits(50, 4, 3, 2)
    assert one.domain_name == "a"


def test_keys_of_one_quota_have_all_that_any_of_them_says(tmp_path: Path) -> None:
    a, b, c = loaded(
        tmp_path,
        entry("a", 'quota = "org"', "rpm = 50"),
        entry("b", 'quota = "org"', "input_tpm = 3000", "max_concurrent = 4"),
        entry("c"),
    )
    assert a.limits == b.limits == RateLimits(rpm=50, input_tpm=3000)
    assert (a.max_concurrent, b.max_concurrent, a.domain_name, b.domain_name) == (
        4,
        4,
        "org",
        "org",
    )
    assert (c.limits, c.max_concurrent, c.domain_name) == (RateLimits(), None, "c")


@pytest.mark.parametrize("key", ["rpm", "tpm", "input_tpm", "output_tpm", "max_concurrent"])
@pytest.mark.parametrize("value", ["0", "-1", "1.5", '"50"', "true"])
def test_a_limit_is_a_whole_number_from_1_on(tmp_path: Path, key: str, value: str) -> None:
    with pytest.raises(ConfigError, match=f"{key} must be a whole number from 1 to "):
        loaded(tmp_path, entry("a", f"{key} = {value}"))


@pytest.mark.parametrize("quota", ['""', '"two words"', "3", '"sk-ant-api03-Zm9v/+="'])
def test_a_quota_has_a_name_that_may_be_printed(tmp_path: Path, quota: str) -> None:
    with pytest.raises(ConfigError) as refused:
        loaded(tmp_path, entry("a", f"quota = {quota}"))
    assert "quota" in str(refused.value)
    assert "Zm9v" not in f"{refused.value} {refused.value.hint}"


@pytest.mark.parametrize(
    ("first", "second", "sentence"),
    [
        (
            entry("a", 'quota = "org"', "rpm = 50"),
            entry("b", 'quota = "org"', "rpm = 60"),
            "a and b share the quota org and say rpm = 50 and 60",
        ),
        (
            entry("a", 'quota = "org"'),
            entry("b", 'quota = "org"', provider="anthropic"),
            "a and b share the quota org and are for openai and anthropic",
        ),
        (entry("a", 'quota = "b"'), entry("b"), "has the name of the credential b"),
    ],
)
def test_keys_that_contradict_each_other_are_refused(
    tmp_path: Path, first: str, second: str, sentence: str
) -> None:
    with pytest.raises(ConfigError, match=sentence) as refused:
        loaded(tmp_path, first, second)
    assert "credential 1" in refused.value.hint
    assert "credential 2" in refused.value.hint
