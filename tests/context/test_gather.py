import os
import socket
from pathlib import Path

import pytest

from agentos.context import gather, tree
from agentos.context.fitting import EMPTY_BYTES, rendered_bytes
from agentos.context.gather import gather_context
from agentos.context.safe_files import open_folder, read_beginning
from agentos.context.tree import list_files
from agentos.documents.code_context import parse, render


def write(project: Path, path: str, text: str | bytes = "x = 1\n") -> Path:
    file = project / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(text.encode() if isinstance(text, str) else text)
    return file


@pytest.fixture
def project(tmp_path: Path) -> Path:
    root = tmp_path / "project"
    root.mkdir()
    return root


def paths(context: object) -> list[str]:
    return [excerpt.path for excerpt in context.excerpts]  # type: ignore[attr-defined]


def test_the_tree_is_sorted_and_named_files_are_read(project: Path) -> None:
    for path in ("b/z.py", "a.py", "README.md", "b/a.py", ".gitignore"):
        write(project, path)
    context = gather_context(project, "Change `b/z.py` and README.md, create `b/new.py`.")
    assert context.files == (".gitignore", "README.md", "a.py", "b/a.py", "b/z.py")
    assert paths(context) == ["b/z.py", "README.md"]
    assert context.excerpts[0].text == "x = 1"
    assert context.omitted == ()
    assert parse(render(context)) == context


def test_what_is_no_code_is_not_listed(project: Path) -> None:
    for path in (
        ".git/config",
        ".agentos/lock",
        ".venv/x.py",
        "env/pyvenv.cfg",
        "env/lib/x.py",
        "node_modules/x.js",
        "a/__pycache__/x.py",
        "docs/lld/active/LLD-1.md",
        "docs/lineage/x.md",
        "issues/001-x.md",
        "ideas/active/x.md",
        ".env",
        "server.key",
        "bad\nname.py",
    ):
        write(project, path)
    write(project, "picture.png", b"\x89PNG\0\0")
    (project / "link.py").symlink_to(write(project, "docs/real.md"))
    (project / "linked").symlink_to(project / "docs")
    os.mkfifo(project / "pipe")
    assert gather_context(project, "").files == ("docs/real.md",)


@pytest.mark.parametrize(
    "path", [".env", "deploy/server.pem", "id_rsa.txt", "conf/credentials.json", "config/.netrc"]
)
def test_secrets_are_never_read(project: Path, path: str) -> None:
    write(project, path, "hunter2\n")
    context = gather_context(project, f"Read `{path}` and {path}, please.")
    assert "hunter2" not in render(context)
    assert context.files == ()
    assert context.omitted == (f"`{path}`: files that may hold secrets are never read",)


@pytest.mark.parametrize("name", ["../outside.py", "a/../../outside.py", "~/outside.py"])
def test_nothing_outside_is_read(project: Path, name: str) -> None:
    write(project.parent, "outside.py", "hunter2\n")
    write(project, "a/x.py")
    absolute = project.parent / "outside.py"
    context = gather_context(project, f"`{name}` and `{absolute}` and `a/x.py`")
    assert "hunter2" not in render(context)
    assert paths(context) == ["a/x.py"]
    assert context.omitted == (
        f"`{name}`: only paths inside the project are read",
        f"`{absolute}`: only paths inside the project are read",
    )


def test_links_are_not_followed_neither_of_files_nor_of_folders(project: Path) -> None:
    outside = write(project.parent, "elsewhere/secret.py", "hunter2\n")
    (project / "link.py").symlink_to(outside)
    (project / "folder").symlink_to(outside.parent)
    context = gather_context(project, "`link.py` and `folder/secret.py`")
    assert "hunter2" not in render(context)
    assert len(context.omitted) == 2


def test_pipes_sockets_and_folders_do_not_block(project: Path) -> None:
    os.mkfifo(project / "pipe.py")
    (project / "folder.py").mkdir()
    with socket.socket(socket.AF_UNIX) as server:
        before = Path.cwd()
        os.chdir(project)  # the path of a socket has to be short
        try:
            server.bind("socket.py")
        finally:
            os.chdir(before)
        context = gather_context(project, "`pipe.py`, `folder.py`, `socket.py`")
    assert context.excerpts == ()
    assert len(context.omitted) == 3


def test_folders_of_agentos_itself_are_not_read_by_name(project: Path) -> None:
    write(project, "issues/001-x.md", "hunter2")
    write(project, "a.py")
    context = gather_context(project, "like `issues/001-x.md`, in `a.py`")
    assert context.omitted == ("`issues/001-x.md`: this folder is not part of the code",)


def test_long_files_are_cut_at_a_line_and_that_is_said(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gather, "MAX_FILE_BYTES", 10)
    write(project, "a.py", "one\ntwo\nthree\n")
    context = gather_context(project, "`a.py`")
    assert context.excerpts[0].text == "one\ntwo"
    assert context.omitted == ("`a.py`: 6 of 14 bytes are left out",)


@pytest.mark.parametrize("max_bytes", [0, EMPTY_BYTES, 300, 2_000, 20_000])
def test_the_whole_is_bounded_however_much_there_is(project: Path, max_bytes: int) -> None:
    write(project, "big.py", "x = 1\n" * 2_000_000)
    for number in range(300):
        write(project, f"pkg{number % 7}/module_{number}.py", f"import big\nx = {number}\n" * 20)
    issue = "# Modules\n`big.py` and " + " ".join(f"`module_{n}.py`" for n in range(100))
    context = gather_context(project, issue, max_bytes=max_bytes)
    assert rendered_bytes(context) <= max(max_bytes, EMPTY_BYTES)
    assert parse(render(context)) == context
    assert bool(context.omitted) == (max_bytes > EMPTY_BYTES)


def test_a_small_budget_shows_the_beginning_of_what_is_named_first(project: Path) -> None:
    write(project, "b.py", "x = 1\n" * 1000)
    write(project, "a.py", "import b\n" * 100)
    context = gather_context(project, "`b.py`", max_bytes=4_000)
    assert paths(context) == ["b.py"]
    assert context.files == ("a.py", "b.py")
    assert context.omitted == (
        f"`b.py`: {6000 - len(context.excerpts[0].text) - 1:,} of 6,000 bytes are left out",
        "`a.py`: left out, 900 bytes, imports `b.py`",
    )


def test_neighbours_of_a_named_file_come_after_it(project: Path) -> None:
    write(project, "src/shop/cart.py", "from shop import prices\n")
    for path in ("src/shop/prices.py", "src/shop/other.py", "docs/cart.md", "docs/x.md"):
        write(project, path)
    write(project, "src/shop/checkout.py", "from .cart import Cart\n")
    write(project, "tests/test_cart.py", "import shop.cart\n")
    context = gather_context(project, "# A cart that remembers\n\nChange `src/shop/cart.py`.")
    assert paths(context) == [
        "src/shop/cart.py",
        "tests/test_cart.py",
        "src/shop/prices.py",
        "src/shop/checkout.py",
        "docs/cart.md",
    ]
    assert context.omitted == ()


def test_an_import_reaches_neither_secrets_nor_links(project: Path) -> None:
    write(project, "a.ts", "import './.env'\nimport './link'\nimport '../elsewhere/secret'\n")
    write(project, ".env", "hunter2\n")
    outside = write(project.parent, "elsewhere/secret.ts", "hunter2\n")
    (project / "link.ts").symlink_to(outside)
    context = gather_context(project, "`a.ts`")
    assert paths(context) == ["a.ts"]
    assert "hunter2" not in render(context)


def test_a_module_that_cannot_be_read_imports_nothing(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(project, "a.py", "import b\n")
    write(project, "b.py")

    def refuse(*args: object) -> object:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(gather, "read_beginning", refuse)
    context = gather_context(project, "`a.py`")
    assert context.files == ("a.py", "b.py")
    assert context.omitted == ("`a.py`: not a file that can be read (Permission denied)",)


def test_bad_utf8_is_replaced_and_binary_files_are_not_shown(project: Path) -> None:
    write(project, "a.py", b"\xef\xbb\xbfcaf\xe9\r\n")
    write(project, "b.py", b"\0\1")
    context = gather_context(project, "`a.py` and `b.py`")
    assert [excerpt.text for excerpt in context.excerpts] == ["caf\ufffd\r"]
    assert context.omitted == ("`b.py`: a binary file",)


def test_an_empty_file_is_an_empty_excerpt(project: Path) -> None:
    write(project, "a/__init__.py", "")
    assert gather_context(project, "`a/__init__.py`").excerpts[0].text == ""


def test_without_a_named_file_the_small_modules_are_read(project: Path) -> None:
    write(project, "README.md", "# Shop\n")
    write(project, "a.py", "x = 1\n" * 20_000)
    write(project, "b.py")
    context = gather_context(project, "Make it faster.")
    assert paths(context) == ["README.md", "b.py"]
    sentence = "the issue names no file of the project; 2 of 3 files were read for an overview"
    assert context.omitted == (sentence,)


def test_a_project_without_modules_has_nothing_to_read_instead(project: Path) -> None:
    write(project, "notes.md")
    context = gather_context(project, "Make it faster.")
    assert (context.excerpts, context.omitted) == ((), ())


def test_a_look_at_a_large_tree_ends_and_that_is_said(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for path in ("z.py", "a/b/c.py", "a/b.py", "named.py"):
        write(project, path)
    assert list(list_files(project, limit=2).files) == ["named.py", "z.py"]
    monkeypatch.setattr(gather, "list_files", lambda project: list_files(project, limit=2))
    context = gather_context(project, "`a/b/c.py` and `z.py`")
    assert context.files == ("a/b/c.py", "named.py", "z.py")
    assert context.omitted == ("only the first 2 files were looked at; there are more",)


def test_the_number_of_files_of_one_folder_is_bounded(project: Path) -> None:
    for name in "abcd":
        write(project, f"{name}.py")
    assert list(list_files(project, limit=2).files) == ["a.py", "b.py"]
    assert list_files(project, limit=4).omitted == []


def test_the_number_of_folders_is_bounded_too(project: Path) -> None:
    for name in "abcd":
        (project / name).mkdir()
    write(project, "d/x.py")
    listing = list_files(project, limit=4)
    assert listing.files == {}
    assert listing.omitted == ["only the first 4 folders were looked at; there are more"]


def test_what_cannot_be_opened_is_said(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(project, "a/b.py")
    write(project, "c.py")

    def refuse(root: Path, parts: tuple[str, ...]) -> object:
        if parts:
            raise PermissionError(13, "Permission denied")
        return open_folder(root, parts)

    monkeypatch.setattr(tree, "open_folder", refuse)
    listing = list_files(project)
    assert listing.files == {"c.py": 6}
    assert listing.omitted == ["a/ could not be read: Permission denied"]


def test_a_file_that_cannot_be_opened_is_listed_all_the_same(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(project, "a.py")

    def refuse(*args: object) -> object:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(tree, "read_beginning_at", refuse)
    assert list_files(project).files == {"a.py": 0}


def test_a_project_that_is_not_there_is_an_error(project: Path) -> None:
    with pytest.raises(FileNotFoundError):
        gather_context(project / "missing", "")


def test_no_descriptor_is_left_open(project: Path) -> None:
    write(project, "a/b.py")
    (project / "folder.py").mkdir()
    before = os.dup(0)
    os.close(before)
    for _ in range(3):
        gather_context(project, "`a/b.py` `folder.py` `a/missing.py`")
        with pytest.raises(OSError, match="regular file"):
            read_beginning(project, "folder.py", 10)
    after = os.dup(0)
    os.close(after)
    assert after == before
