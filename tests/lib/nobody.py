"""The command as another user than root, who may open everything."""

import os
import shutil

import pytest

needs_setpriv = pytest.mark.skipif(
    os.geteuid() != 0 or shutil.which("setpriv") is None,
    reason="needs root and setpriv (util-linux) to become somebody else",
)

# Another user, who may still read the interpreter where it lies in root's own folder.
AS_NOBODY = (
    "setpriv",
    "--reuid=nobody",
    "--regid=nogroup",
    "--clear-groups",
    "--inh-caps=-all,+dac_read_search",
    "--ambient-caps=-all,+dac_read_search",
)


def without_coverage() -> dict[str, str]:
    """For who may not write into the checkout, where coverage would leave its data."""
    return {name: value for name, value in os.environ.items() if "COVERAGE" not in name}
