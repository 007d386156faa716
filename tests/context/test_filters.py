import pytest

from agentos.context.filters import is_code, is_secret, is_skipped_folder


@pytest.mark.parametrize(
    "name",
    [".env", ".ENV", ".env.production", "prod.env", "server.pem", "Server.KEY", "id_rsa",
     "id_rsa.pub", "id_ed25519_work", "credentials", "credentials.json", ".credentials", ".netrc",
     ".npmrc", ".pypirc", "secrets.yaml", "my-service-account-1.json", "store.p12"],
)  # fmt: skip
def test_key_files_are_told_by_name(name: str) -> None:
    assert is_secret(name)


@pytest.mark.parametrize(
    "name", ["environment.py", "credentials.py", "secret_santa.ts", "keys.py", "README.md", "key"]
)
def test_code_about_secrets_is_no_secret(name: str) -> None:
    assert not is_secret(name)


@pytest.mark.parametrize(
    "path",
    [".git", ".agentos", "a/.venv", "node_modules", "a/b/__pycache__", "x.egg-info", "docs/lld",
     "docs/lineage", "issues", "ideas"],
)  # fmt: skip
def test_folders_without_code_are_skipped(path: str) -> None:
    assert is_skipped_folder(path.split("/"))


@pytest.mark.parametrize("path", ["docs", "src/issues", "docs/lld-notes", "build_tools"])
def test_folders_of_code_are_not(path: str) -> None:
    assert not is_skipped_folder(path.split("/"))


def test_source_code_is_told_by_its_suffix() -> None:
    assert is_code("a.PY")
    assert not is_code("a.md")
