"""What comes of a run, by what the program does."""

import errno
import os
import resource
import signal
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest
from command import wait_until
from processes import is_gone
from stand_ins import AMPLE, FAMILY, REQUEST, Programs, Record

from agentos.core.calls import Answer, Refusal, RefusalCode, RefusalKind, Usage
from agentos.core.model_settings import CommandSettings, ModelSettings, TimeLimits
from agentos.models.command import PROVIDER, process
from agentos.models.prompt import bound, join

SECRET = "sk-very/secret"


def refused(result: Answer | Refusal) -> Refusal:
    assert isinstance(result, Refusal)
    return result


def test_text_is_the_answer(programs: Programs) -> None:
    result = programs.ask("print('\\n# Title\\r\\n\\nna\\u00efve \\x1b[1mbold\\x1b[0m\\n')")
    assert result == Answer("# Title\n\nnaïve bold", "command/stand-in", None)


def test_bad_utf8_is_replaced(programs: Programs) -> None:
    result = programs.ask(r"import os; os.write(1, b'caf\xe9')")
    assert result == Answer("caf\ufffd", "command/stand-in", None)


def test_silence_is_an_empty_answer(programs: Programs) -> None:
    assert programs.ask("") == Answer("", "command/stand-in", None)


def test_a_prompt_larger_than_a_pipe_arrives(programs: Programs) -> None:
    request = replace(REQUEST, context="x" * 3_000_000)
    answer = programs.model("import sys; print(len(sys.stdin.buffer.read()))").complete(
        request, None
    )
    assert isinstance(answer, Answer)
    assert int(answer.text) == len(join(request).whole.encode())


def test_a_program_need_not_read_its_prompt(programs: Programs) -> None:
    request = replace(REQUEST, context="x" * 3_000_000)
    answer = programs.model("import os; os.close(0); print('done')").complete(request, None)
    assert isinstance(answer, Answer)


def test_an_exit_code_is_told_with_the_last_line_of_stderr(programs: Programs) -> None:
    result = refused(
        programs.ask("import sys; print('early', file=sys.stderr); sys.exit('bad \\x1b[31mday')")
    )
    assert result.kind is RefusalKind.TRANSIENT
    assert result.message == "command/stand-in ended with exit code 1: bad day"
    assert result.usage is None


def test_what_a_failing_program_says_is_masked_and_cut(programs: Programs) -> None:
    body = f"import os, sys; sys.exit('key ' + {SECRET!r} + ' ' + 'x' * 1000)"
    message = refused(programs.ask(body, SECRET)).message
    assert "key ***" in message
    assert SECRET not in message
    assert len(message) < 400


def test_a_key_that_a_program_answers_with_is_masked(programs: Programs) -> None:
    result = programs.ask(f"print({SECRET!r})", SECRET)
    assert result == Answer("***", "command/stand-in", None)


def test_a_failure_without_a_word_says_so(programs: Programs) -> None:
    message = refused(programs.ask("raise SystemExit(3)")).message
    assert message == "command/stand-in ended with exit code 3: it gave no reason"


def test_death_by_a_signal_is_told(programs: Programs) -> None:
    result = refused(programs.ask("import os; os.kill(os.getpid(), 9)"))
    assert result.kind is RefusalKind.TRANSIENT
    assert "was killed by signal 9" in result.message


@pytest.mark.parametrize("code", [126, 127])
def test_a_shell_that_cannot_execute_is_refused_for_good(programs: Programs, code: int) -> None:
    result = refused(programs.ask(f"raise SystemExit({code})"))
    assert result.kind is RefusalKind.REQUEST
    assert "check its command" in result.message


def test_a_program_that_is_gone_since_is_refused_for_good(programs: Programs) -> None:
    model = programs.model("")
    Path(programs.write("")).unlink()
    result = refused(model.complete(REQUEST, None))
    assert (result.kind, result.usage) == (RefusalKind.REQUEST, Usage())
    assert os.strerror(errno.ENOENT) in result.message


def test_a_key_that_no_environment_can_hold_is_no_crash(programs: Programs) -> None:
    result = refused(programs.model("").complete(REQUEST, "sk-\0"))
    assert os.strerror(errno.EINVAL) in result.message


def test_silence_beyond_the_idle_limit_ends_it(programs: Programs) -> None:
    limits = TimeLimits(idle=0.3, total=AMPLE.total)
    model = programs.model("import time; time.sleep(600)", limits=limits)
    result = refused(model.complete(REQUEST, None))
    assert (result.kind, result.code) == (RefusalKind.TRANSIENT, RefusalCode.STALLED)
    assert "0.3 s" in result.message


@pytest.mark.parametrize("stream", [1, 2])
def test_a_program_that_talks_is_ended_by_the_total_limit_alone(
    programs: Programs, stream: int
) -> None:
    body = f"import os, time\nwhile True: os.write({stream}, b'.'); time.sleep(0.01)"
    model = programs.model(body, limits=TimeLimits(idle=AMPLE.idle, total=0.5))
    result = refused(model.complete(REQUEST, None))
    assert (result.kind, result.code) == (RefusalKind.TRANSIENT, RefusalCode.TOO_LONG)


def test_output_without_end_is_cut_off(programs: Programs) -> None:
    result = refused(programs.ask("while True: print('spew' * 10_000)"))
    assert (result.kind, result.code) == (RefusalKind.REQUEST, RefusalCode.OVERSIZED)


def test_a_program_that_ignores_sigterm_ends_too(programs: Programs, record: Record) -> None:
    body = "import signal; signal.signal(15, signal.SIG_IGN); " + FAMILY.lstrip()
    model = programs.model(body + "while True: print('spew' * 10_000)", str(record.path))
    assert refused(model.complete(REQUEST, None)).code == RefusalCode.OVERSIZED
    assert record.nothing_left()


def test_a_guardian_that_was_killed_is_a_passing_failure(programs: Programs) -> None:
    result = refused(programs.ask("import os, time; os.kill(os.getppid(), 9); time.sleep(600)"))
    assert (result.kind, result.code) == (RefusalKind.TRANSIENT, RefusalCode.CUT)


def test_a_guardian_that_is_held_up_does_not_hold_up_the_call(
    programs: Programs, record: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "_END_WITHIN", 0.1)
    body = FAMILY + "import signal; os.kill(os.getppid(), signal.SIGSTOP)\n"
    model = programs.model(body + "while True: print('spew' * 10_000)", str(record.path))
    assert refused(model.complete(REQUEST, None)).code == RefusalCode.OVERSIZED
    if sys.platform == "linux":  # of the rest nobody is left to take care
        wait_until(lambda: is_gone(record.program), "the program is gone")


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_it_ignores_no_signal() -> None:
    command = CommandSettings(("grep", "SigIgn", "/proc/self/status"))
    model = PROVIDER.build(ModelSettings("command/grep", command=command), os.environ)
    answer = model.complete(REQUEST, None)
    assert isinstance(answer, Answer)
    ignored = int(answer.text.split()[1], 16)
    # What whoever started the tests ignores, such as SIGQUIT behind a shell's `&`, is not ours.
    ours = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGPIPE, signal.SIGXFSZ)
    assert [number for number in ours if ignored >> (number - 1) & 1] == []


def test_a_machine_without_descriptors_is_no_crash(
    programs: Programs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = programs.model("")
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    used = os.open(os.devnull, os.O_RDONLY)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (used, hard))
        result = refused(model.complete(REQUEST, None))
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        os.close(used)
    assert result.kind is RefusalKind.TRANSIENT
    assert os.strerror(errno.EMFILE) in result.message
    assert not list(tmp_path.iterdir())


def test_a_credential_of_the_program_is_its_own(programs: Programs) -> None:
    model = programs.model("")
    assert (model.name, model.provider) == ("command/stand-in", "command/stand-in")
    assert model.bound(REQUEST) == bound(join(REQUEST), 16_000)
