import random

import pytest

from agentos.context import ranking
from agentos.context.ranking import Candidate, Rank, by_interest, rank


def ranked(files: dict[str, str], issue: str, of: Rank | None = None) -> list[str]:
    sizes = {path: len(text) for path, text in files.items()}
    candidates = rank(sizes, issue, files.__getitem__)
    return [c.path for c in candidates if of in (None, c.rank)]


def test_named_files_come_in_the_order_of_mention_whether_or_not_they_exist() -> None:
    files = {"a.py": "", "b/c.py": "", "d.py": ""}
    issue = "First `d.py`, then `b/c.py` and `new.py`, then a.py."
    assert ranked(files, issue) == ["d.py", "b/c.py", "a.py", "new.py"]
    assert ranked(files, "In c.py")[0] == "b/c.py"


def test_the_number_of_named_files_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ranking, "MAX_NAMED", 2)
    files = dict.fromkeys(("a.md", "b.md", "c.md"), "")
    assert ranked(files, "`a.md` `b.md` `c.md`", Rank.NAMED) == ["a.md", "b.md"]


@pytest.mark.parametrize(
    "test",
    ["test_cart.py", "x/cart_test.go", "cart.test.ts", "cart.spec.js", "tests/a/cart.py",
     "__tests__/cart.js", "test-cart.py", "cart_tests.py", "cartTest.java"],
)  # fmt: skip
def test_tests_of_a_named_module_are_neighbours(test: str) -> None:
    files = {"src/cart.rs": "", test: "", "test_carts.py": "", "tests/cart.md": "", "cart.txt": ""}
    sizes = dict.fromkeys(files, 0)
    found = rank(sizes, "`src/cart.rs`", files.__getitem__)[1]
    assert found == Candidate(test, Rank.NEIGHBOUR, "a test of `src/cart.rs`")
    assert ranked(files, "`src/cart.rs`", Rank.NEIGHBOUR) == [test]


def test_a_folders_module_has_no_tests_by_name() -> None:
    assert ranked({"a/__init__.py": "", "tests/__init__.py": ""}, "`a/__init__.py`") == [
        "a/__init__.py"
    ]


def test_the_nearest_namesake_is_the_first_test() -> None:
    files = dict.fromkeys(
        ("a/x/m.rs", "b/tests/test_m.rs", "a/tests/test_m.rs", "a/x/test_m.rs"), ""
    )
    expected = ["a/x/test_m.rs", "a/tests/test_m.rs", "b/tests/test_m.rs"]
    assert ranked(files, "`a/x/m.rs`", Rank.NEIGHBOUR) == expected


def test_what_a_named_module_imports_comes_before_what_imports_it() -> None:
    files = {
        "far/away.py": "import p.m",
        "p/m.py": "from p import z",
        "p/user.py": "import p.m",
        "p/z.py": "",
        "p/user.ts": "import './m'",
        "p/nothing.py": "",
    }
    candidates = rank(dict.fromkeys(files, 0), "`p/m.py`", files.__getitem__)
    assert candidates == [
        Candidate("p/m.py", Rank.NAMED, "named by the issue"),
        Candidate("p/z.py", Rank.NEIGHBOUR, "imported by `p/m.py`"),
        Candidate("p/user.py", Rank.NEIGHBOUR, "imports `p/m.py`"),
        Candidate("far/away.py", Rank.NEIGHBOUR, "imports `p/m.py`"),
    ]


def test_the_number_of_files_that_are_opened_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ranking, "MAX_SCANNED", 3)
    opened = []

    def read(path: str) -> str:
        opened.append(path)
        return "import m"

    files = dict.fromkeys(("z/far.py", "b.py", "m.py", "a.py", "README.md"), 1)
    found = rank(files, "`m.py` and `README.md`", read)
    assert opened == ["m.py", "a.py", "b.py"]
    assert [c.path for c in found if c.rank is Rank.NEIGHBOUR] == ["a.py", "b.py"]


def test_only_modules_have_their_imports_looked_at() -> None:
    assert ranked({"README.md": "", "a.py": "import x"}, "`README.md`") == ["README.md"]


@pytest.mark.parametrize(
    "issue",
    ["Use a `LoanPolicy`.", "`max_loans_policies`", "# The policy of loans\n", "`HTTPLoan.policy`",
     "---\ntitle: Loan policies\n---\n"],
)  # fmt: skip
def test_paths_that_share_words_with_the_issue_are_alike(issue: str) -> None:
    others = [f"x/y{number}.py" for number in range(9)]
    files = dict.fromkeys((*others, "docs/policy.md", "shop/loan_policy.py"), "")
    assert ranked(files, issue, Rank.ALIKE) == ["shop/loan_policy.py", "docs/policy.md"]


def test_words_of_many_paths_tell_nothing() -> None:
    files = dict.fromkeys((f"shop/m{number}.py" for number in range(4)), "")
    assert ranked(files, "`shop`", Rank.ALIKE) == []
    assert ranked({"shop/a.py": "", "test/the.py": ""}, "# Test the `shop`", Rank.ALIKE) == [
        "shop/a.py"
    ]
    many = dict.fromkeys((f"shop/m{number}.py" for number in range(21)), "")
    others = dict.fromkeys((f"x{number}.py" for number in range(300)), "")
    assert ranked(many | others, "`shop`", Rank.ALIKE) == []


def test_an_issue_without_a_file_is_shown_a_readme_and_the_small_modules() -> None:
    files = {
        "a/b/c/README.md": "x",
        "docs/architecture.md": "x",
        "README.md": "x",
        "big.py": "x" * 100,
        "a/small.py": "x",
        "a/__init__.py": "",
        "tests/test_small.py": "x",
        "notes.md": "x",
    }
    expected = [
        "README.md",
        "docs/architecture.md",
        "a/small.py",
        "big.py",
        "a/__init__.py",
        "tests/test_small.py",
    ]
    assert ranked(files, "Make it faster, see `gone.py`.", Rank.OVERVIEW) == expected
    assert ranked(files, "`notes.md`", Rank.OVERVIEW) == []


def test_the_order_does_not_depend_on_that_of_the_files() -> None:
    files = {f"p{n % 3}/policy_{n}.py": f"import p{n % 2}.policy_{n // 2}" for n in range(20)}
    issue = "# Policies\n`p1/policy_4.py` `policy_7.py` `Policy`"
    shuffled = list(files.items())
    random.Random(1).shuffle(shuffled)
    assert ranked(dict(shuffled), issue) == ranked(files, issue)


def test_a_list_is_cut_from_the_files_far_from_the_candidates() -> None:
    files = ("a/x.py", "a/y.py", "b/c/d.py", "b/e.py", "z.py", "over.py")
    candidates = [
        Candidate("new/gone.py", Rank.NAMED, ""),
        Candidate("b/e.py", Rank.NAMED, ""),
        Candidate("a/y.py", Rank.ALIKE, ""),
        Candidate("z.py", Rank.OVERVIEW, ""),
    ]
    assert by_interest(files, candidates) == [
        "b/e.py",
        "a/y.py",
        "a/x.py",
        "over.py",
        "z.py",
        "b/c/d.py",
    ]
