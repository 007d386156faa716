import subprocess
import sys
from importlib import import_module

import pytest

import agentos.workflows.parallel as package


def test_every_public_name_is_there_and_is_that_of_its_module() -> None:
    assert set(package.__all__) <= set(dir(package))
    for name in package.__all__:
        value = getattr(package, name)
        assert value is getattr(import_module(value.__module__), name)


def test_others_are_not() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'Coordinator'"):
        package.Coordinator  # type: ignore[attr-defined]  # noqa: B018 - that is what is tried
    with pytest.raises(ImportError):
        from agentos.workflows.parallel import Coordinator  # type: ignore[attr-defined]  # noqa: F401 - the same


def test_a_part_of_the_package_is_imported_without_the_rest() -> None:
    program = (
        "import sys, agentos.workflows.parallel.lease_client\n"
        "print(*(name for name in sys.modules if name.startswith('agentos.')))"
    )
    names = subprocess.check_output([sys.executable, "-c", program], text=True).split()
    assert "agentos.workflows.parallel.lease_client" in names
    assert not {one for one in names if one.startswith("agentos.credentials")}
    assert not {one for one in names if one.endswith("coordinator")}


def test_a_star_takes_the_public_names() -> None:
    program = "from agentos.workflows.parallel import *; print(ParallelCoordinator.__name__)"
    told = subprocess.check_output([sys.executable, "-c", program], text=True)
    assert told == "ParallelCoordinator\n"
