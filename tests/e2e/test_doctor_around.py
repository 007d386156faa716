"""`agentos doctor` in surroundings that are broken for real: other users, environments, runs."""

import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from command import Workspace, wait_until
from nobody import AS_NOBODY, needs_setpriv
from patient import BIN, Patient
from trees import snapshot

from agentos.diagnosis import disk
from agentos.diagnosis.finding import Level


def test_a_run_that_goes_on(shelf: Workspace) -> None:
    shelf.keep_issues("042", "057")
    patient = Patient(shelf.root)
    slow = {"AGENTOS_EMBEDDED_LATENCY": "60"}
    running = shelf.start("parallel", "lld", "--all", "--grace", "0", **slow)
    running.wait_for_children(2)
    wait_until(lambda: len(shelf.journals) == 2, "both have a journal")

    [lock] = patient.doctor().about("lock")
    assert f"process {running.process.pid}, started 2" in lock.text
    assert lock.level == "warning"

    patient.shell(lock.command)
    assert running.finish()[0] == -2
    after = patient.doctor()
    assert [line.level for line in after.about("lock")] == ["ok"]
    assert after.code == 0
    assert "2 items are half done: LLD-42, LLD-57" in after.about("leftovers")[0].text


def test_what_a_killed_run_left(shelf: Workspace) -> None:
    shelf.keep_issues("042", "057")
    patient = Patient(shelf.root)
    running = shelf.start("parallel", "lld", "--all", AGENTOS_EMBEDDED_LATENCY="60")
    wait_until(lambda: len(shelf.steps("step_finished")) == 2, "both have done a step")
    running.kill_all()
    of_nobody = shelf.root / ".agentos/checkpoints/lld_workflow_9.db"
    of_nobody.write_bytes(b"of an issue that is gone")
    before = snapshot(shelf.root)

    found = patient.doctor()

    assert found.code == 0, found.output
    assert snapshot(shelf.root) == before
    told = [*found.about("leftovers"), *found.about("journals")]
    assert [line.level for line in told] == ["warning"] * 3
    assert f"run {shelf.runs[0].name} was cut off" in told[0].text
    assert "2 items are half done: LLD-42, LLD-57" in told[1].text
    assert "lld_workflow_9.db is of LLD-9, which the backlog does not have" in told[2].text

    for command in dict.fromkeys(line.command for line in told):
        assert patient.shell(command).code == 0
    after = patient.doctor()
    assert {line.level for line in [*after.about("leftovers"), *after.about("journals")]} == {"ok"}
    shelf.assert_no_step_ran_twice()


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that everybody can get to: pytest's own is closed to others than its user."""
    folder = Path(tempfile.mkdtemp(prefix="t", dir="/tmp"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


def closed_documents(project: Path) -> None:
    (project / "docs/lld").mkdir(parents=True)
    (project / "docs/lld").chmod(0o500)


def closed_state(project: Path) -> None:
    (project / ".agentos/checkpoints").mkdir(parents=True)
    (project / ".agentos/checkpoints").chmod(0o500)


CLOSED = [
    ("documents", closed_documents, "docs/lld cannot be written", "chmod u+rwx docs/lld"),
    ("state", closed_state, "checkpoints cannot be written", "chmod -R u+rwX .agentos"),
    (
        "LLD-1",
        lambda project: (project / "issues/001-sort.md").chmod(0o000),
        "001-sort.md is closed to you",
        "chmod u+rw issues/001-sort.md",
    ),
    (
        "issues",
        lambda project: (project / "issues").chmod(0o000),
        "issues cannot be read",
        "chmod u+rwx issues",
    ),
]


@needs_setpriv
@pytest.mark.parametrize(("subject", "closes", "says", "types"), CLOSED)
def test_what_is_closed_to_its_user(
    open_folder: Path, subject: str, closes: Callable[[Path], None], says: str, types: str
) -> None:
    patient = Patient.healthy(open_folder / "shelf")
    closes(patient.root)
    for path in [patient.root, *patient.root.rglob("*")]:
        shutil.chown(path, "nobody", "nogroup")
    patient.before = AS_NOBODY
    # Nobody may write into the checkout, where coverage would leave its data.
    patient.environ = {"HOME": str(open_folder), "COVERAGE_PROCESS_START": "", "TMPDIR": "/tmp"}

    found = patient.doctor()

    assert found.code == 1, found.output
    [fault] = found.of("fault")
    assert (fault.subject, fault.command) == (subject, types)
    assert says in fault.text
    after = patient.mended_by(fault.command)
    assert after.code == 0, after.output


def wheel(folder: Path, name: str, version: str, files: dict[str, str], entry: str = "") -> Path:
    """A package as pip installs it, with one module and, for a plug-in, an entry point."""
    info = f"{name}-{version}.dist-info"
    tag = "Wheel-Version: 1.0\nGenerator: t\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    content = files | {
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        f"{info}/WHEEL": tag,
    }
    if entry:
        content[f"{info}/entry_points.txt"] = f"[agentos.models]\n{entry}\n"
    content[f"{info}/RECORD"] = "".join(f"{path},,\n" for path in [*content, f"{info}/RECORD"])
    path = folder / f"{name}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for file, text in content.items():
            archive.writestr(file, text)
    return path


PROVIDER = """
from agentos.core.providers import Provider

PROVIDER = Provider(
    "tiny", lambda *_: None, requirement="tiny-sdk>=2,<3", module="tiny_sdk", needs_key=False
)
"""


@pytest.mark.parametrize("there", [None, "1.5"], ids=["missing", "of another major"])
def test_a_package_that_is_missing_from_a_real_environment(
    patient: Patient, tmp_path: Path, there: str | None
) -> None:
    wheels, venv = tmp_path / "wheels", tmp_path / "my venv"
    wheels.mkdir()
    # Bare, with all that this interpreter has beside it: nothing has to be downloaded.
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", venv], check=True)
    [site] = venv.glob("lib/python*/site-packages")
    [ours] = BIN.parent.glob("lib/python*/site-packages")
    (site / "beside.pth").write_text(f"import site; site.addsitedir({str(ours)!r})\n")
    for version in ("1.5", "2.3"):
        wheel(wheels, "tiny_sdk", version, {"tiny_sdk.py": ""})
    plugin = wheel(wheels, "tiny", "1", {"tiny.py": PROVIDER}, "tiny = tiny:PROVIDER")
    for package in [plugin, *([wheels / f"tiny_sdk-{there}-py3-none-any.whl"] if there else [])]:
        with zipfile.ZipFile(package) as archive:
            archive.extractall(site)
    command = f"'{venv}/bin/python' -m agentos doctor"
    patient.environ = {
        "AGENTOS_DRAFTER": "tiny/one",
        "PIP_NO_INDEX": "1",
        "PIP_FIND_LINKS": str(wheels),
        "PIP_CONFIG_FILE": os.devnull,
        "PYTHONDONTWRITEBYTECODE": "1",
    }

    found = patient.shell(command)

    assert found.code == 1, found.output
    [fault] = found.of("fault")
    assert "tiny/one needs a package that is missing or of another version" in fault.text
    assert fault.command == f"'{venv}/bin/python' -m pip install 'tiny-sdk>=2,<3'"
    after = patient.shell(f"{fault.command} || exit 99\n{command}")
    assert after.code == 0, after.output
    assert after.about("drafter")[0].level == "ok"


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path | None]:
    """A real file system of 1 MB, None where none may be mounted."""
    place = tmp_path / "small"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(place)]
    is_mounted = (
        shutil.which("mount")
        and not subprocess.run(mount, stderr=subprocess.DEVNULL, check=False).returncode
    )
    yield place if is_mounted else None
    if is_mounted:
        subprocess.run(["umount", str(place)], check=True)


def test_a_disk_that_is_nearly_full(patient: Patient, small_disk: Path | None) -> None:
    if small_disk is None:
        judged = disk.judged("the project", disk.Room(10**6, None), disk.Least(), command="df")
        assert judged.level is Level.FAULT
        return
    patient.environ = {"TMPDIR": str(small_disk)}

    found = patient.doctor()

    assert found.code == 1
    [fault] = found.of("fault")
    assert fault.subject == "disk"
    assert "only 1 MB left for temporary files" in fault.text
    assert patient.shell(fault.command).code == 0
    assert "free for the project and the state" in found.output
