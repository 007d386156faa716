"""Which files of a project a source file imports, by a look at its import lines.

A look, not a parser: what stands in a comment counts, what a build tool or the running program
finds in its own way does not. The repetitions in the patterns are bounded, so that no file can
make them slow. Only paths of the given files come out, so nothing is reached through an import.
"""

import posixpath
import re
from collections.abc import Iterable, Iterator

_PYTHON = re.compile(
    r"^[ \t]*(?:from[ \t]+(?P<source>[\w.]+)[ \t]+import[ \t]+(?P<names>\([^)]{1,2000}\)|.+)"
    r"|import[ \t]+(?P<modules>\w[\w., \t]*))",
    re.MULTILINE,
)
_SCRIPT = re.compile(
    r"""\b(?:from|import|require)\b[ \t]{0,9}\(?\s{0,99}["'](?P<path>\.[^"'\n]{0,300})["']"""
)
_GO = re.compile(
    r'^[ \t]*(?:import[ \t]+)?(?:[\w.]+[ \t]+)?"(?P<package>[^"\s]{1,300})"[ \t]*(?://.*)?$',
    re.MULTILINE,
)
_SOURCE_FOLDERS = ("", "src", "lib", "python")
_SCRIPT_SUFFIXES = (".ts", ".tsx", ".js", ".jsx", ".mjs", ".cjs")
_LANGUAGES = {".py": "python", ".pyi": "python", ".go": "go"}
_LANGUAGES |= dict.fromkeys((*_SCRIPT_SUFFIXES, ".mts", ".cts"), "script")


def language(path: str) -> str:
    """The language whose import lines are understood; empty for all others."""
    return _LANGUAGES.get(posixpath.splitext(path)[1], "")


def folders_above(path: str) -> list[str]:
    """The folders that hold a path, the nearest first; the last is the project, as ``""``."""
    parts = path.split("/")[:-1]
    return ["/".join(parts[:end]) for end in range(len(parts), -1, -1)]


class ImportLookup:
    """Finds what is imported among the files of one project."""

    def __init__(self, files: Iterable[str]) -> None:
        self._files = frozenset(files)
        folders = {posixpath.dirname(path) for path in self._files}
        self._folders = {above for folder in folders for above in folders_above(f"{folder}/")}
        self._go_packages: dict[str, list[str]] = {}
        for path in sorted(self._files):
            if path.endswith(".go") and not path.endswith("_test.go"):
                self._go_packages.setdefault(posixpath.dirname(path), []).append(path)

    def imported(self, path: str, text: str) -> tuple[str, ...]:
        """The files that the source file imports, each once, in the order of its lines."""
        find = {"python": self._python, "script": self._script, "go": self._go}
        if (known := language(path)) not in find:
            return ()
        found = dict.fromkeys(find[known](path, text))
        return tuple(other for other in found if other != path)

    def _python(self, path: str, text: str) -> Iterator[str]:
        roots = [
            place
            for root in folders_above(path)
            if posixpath.join(root, "__init__.py") not in self._files  # inside of a package
            for inner in _SOURCE_FOLDERS
            if (place := _joined(root, inner)) in self._folders
        ]
        for match in _PYTHON.finditer(text):
            if match["modules"]:
                for module in match["modules"].split(","):
                    name = (module.split() or [""])[0]
                    yield from self._module(roots, name.replace(".", "/"))
            else:
                yield from self._from(path, roots, match["source"], match["names"])

    def _from(self, path: str, roots: list[str], source: str, names: str) -> Iterator[str]:
        """The modules among the names, or else the module that they come from."""
        module = source.lstrip(".")
        if level := len(source) - len(module):
            roots = folders_above(path)[level - 1 : level]
        base = module.replace(".", "/")
        packages = [place for root in roots if (place := _joined(root, base)) in self._folders]
        found = [
            file for name in re.findall(r"\w+", names) for file in self._module(packages, name)
        ]
        yield from found or self._module(roots, base)

    def _module(self, roots: list[str], module: str) -> Iterator[str]:
        for root in roots:
            place = posixpath.join(root, module)
            for file in (f"{place}.py", posixpath.join(place, "__init__.py")):
                if file in self._files:
                    yield file
                    return

    def _script(self, path: str, text: str) -> Iterator[str]:
        folder = posixpath.dirname(path)
        for match in _SCRIPT.finditer(text):
            place = posixpath.normpath(posixpath.join(folder, match["path"]))
            bare = re.sub(r"\.[mc]?jsx?$", "", place)  # TypeScript imports x.ts as "./x.js"
            tried = (
                place,
                *(f"{bare}{suffix}" for suffix in _SCRIPT_SUFFIXES),
                *(posixpath.join(place, f"index{suffix}") for suffix in _SCRIPT_SUFFIXES),
            )
            yield from [file for file in tried if file in self._files][:1]

    def _go(self, _path: str, text: str) -> Iterator[str]:
        """All files of an imported package: its folder is the end of the import path."""
        for match in _GO.finditer(text):
            parts = match["package"].split("/")
            shortest = 1 if "." in parts[0] else 2  # net/http is not the project's http/
            for start in range(1, len(parts) - shortest + 1):
                if package := self._go_packages.get("/".join(parts[start:])):
                    yield from package
                    break


def _joined(folder: str, name: str) -> str:
    """A path below a folder, either of which may be empty."""
    return posixpath.join(folder, name).rstrip("/")
