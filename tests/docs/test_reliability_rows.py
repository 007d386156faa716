"""Each row of docs/reliability.md is shown by tests of the battery, and each test by some row."""

import ast
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from doc_projects import CLONE
from markdown_it import MarkdownIt

COMPARED = "Beside GNU parallel and honcho"
"""The section whose rows come from `make compare-runners`."""

BYTE_BY_BYTE = ["test_output.py::test_it_is_logged_byte_by_byte_and_shown_harmless"]

SHOWN_BY: Mapping[str, Mapping[str, Sequence[str]]] = {
    "Signals": {
        "SIGINT once": [
            "test_signals.py::TestCtrlC::test_one_checkpoints_and_the_same_command_resumes",
            "test_signals.py::TestCtrlC::test_without_grace_it_is_over_at_once",
        ],
        "twice, three times": [
            "test_signals.py::TestCtrlC::test_two_do_not_wait_for_the_grace",
            "test_signals.py::TestCtrlC::test_three_kill_at_once",
        ],
        "at start-up, during a spawn, during the summary": [
            "test_signals.py::TestCtrlC::test_at_start_up",
            "test_signals.py::TestCtrlC::test_before_and_during_a_spawn",
            "test_signals.py::TestCtrlC::test_during_the_summary",
        ],
        "SIGTERM, SIGHUP": [
            "test_signals.py::test_sigterm_and_sighup_stop_as_kindly",
            "test_signals.py::TestTerminal::test_a_terminal_that_is_closed",
        ],
        "Ctrl-C on a terminal": [
            "test_signals.py::TestTerminal::test_ctrl_c_at_a_terminal_arrives_at_each_child_once",
        ],
        "Ctrl-Z and fg": [
            "test_signals.py::TestCtrlZ::test_children_stand_still_until_fg",
            "test_signals.py::TestCtrlZ::test_no_limit_has_run_out_after_a_pause_that_was_longer",
            "test_signals.py::TestCtrlZ::test_ctrl_c_after_fg",
        ],
        "Ctrl-Z where nobody could say fg": [
            "test_signals.py::TestCtrlZ::test_where_nobody_could_say_go_on_nothing_stops",
        ],
        "the supervisor is killed while its children are stopped": [
            "test_signals.py::TestCtrlZ::test_the_supervisor_is_killed_while_its_children_are_stopped",
            "test_parent.py::TestKilled::test_while_a_child_is_stopped",
        ],
        "started with & by a script, which ignores SIGINT": [
            "test_signals.py::TestIgnored::test_sigint_on_purpose_reaches_a_run_that_a_script_put_behind",
        ],
        "started by a program that ignores SIGCHLD": [
            "test_signals.py::TestIgnored::test_a_program_that_does_not_care_for_children_starts_a_run",
        ],
        "under nohup": ["test_signals.py::TestIgnored::test_sighup_stays_ignored_under_nohup"],
    },
    "Children": {
        "ignores SIGINT": ["test_children.py::TestWhoDoesNotLeave::test_ignores_sigint"],
        "ignores SIGTERM, too": [
            "test_children.py::TestWhoDoesNotLeave::test_ignores_sigint_and_sigterm",
        ],
        "needs 3 s to checkpoint": [
            "test_children.py::TestWhoDoesNotLeave::test_needs_three_seconds_to_checkpoint",
        ],
        "exits with 0 and no report": [
            "test_children.py::TestWhoLeavesBadly::test_its_item_has_failed",
        ],
        "reports well and exits with 1": [
            "test_children.py::TestWhoLeavesBadly::test_its_item_has_failed",
        ],
        "dies of SIGSEGV or SIGKILL": [
            "test_children.py::TestWhoLeavesBadly::test_its_item_has_failed",
            "test_children.py::TestWhoLeavesBadly::test_a_killed_one_fails_its_item_alone_and_is_resumed",
            "test_children.py::TestWhoIsTriedAgain::test_it_goes_on_after_its_last_step_each_time",
            "test_children.py::TestWhoIsTriedAgain::test_not_more_often_than_is_asked_for",
        ],
        "never prints": [
            "test_children.py::TestWhoLeavesBadly::test_one_that_never_prints_is_as_good_as_any",
        ],
        "is silent or busy beyond --timeout or --idle-timeout": [
            "test_children.py::TestWhoStopsAnswering::test_beyond_its_time_limit",
            "test_children.py::TestWhoStopsAnswering::test_beyond_the_idle_limit",
            "test_children.py::TestWhoStopsAnswering::test_its_item_is_ended_and_can_be_resumed",
        ],
        "waits for its model for longer than --idle-timeout": [
            "test_children.py::TestWhoStopsAnswering::test_one_that_hangs_is_told_from_one_that_waits_for_its_model",
        ],
        "cannot be started": [
            "test_room.py::TestNoChildCanBeStarted::test_without_an_interpreter",
            "test_room.py::TestNoChildCanBeStarted::test_and_the_engine_is_as_before",
        ],
        "the user may have no further process or thread": [
            "test_room.py::TestNoChildCanBeStarted::test_where_the_user_has_no_process_left",
            "test_room.py::TestNoChildCanBeStarted::test_nor_a_thread_for_it",
            "test_room.py::TestNoChildCanBeStarted::test_it_is_tried_again_once_there_is_room",
        ],
        "a child, or the supervisor for it, gets no memory, thread or open file": [
            "test_room.py::TestNoChildCanBeStarted::test_nor_is_it_final_where_the_supervisor_itself_has_no_room",
            "test_room.py::TestNoChildCanBeStarted::test_nor_where_a_child_gets_no_thread",
        ],
        "the supervisor has no thread for an item": [
            "test_room.py::TestNoChildCanBeStarted::test_what_got_no_thread_has_failed_and_is_done_later",
        ],
        "no open file left to look at the memory": [
            "test_room.py::test_without_a_descriptor_to_look_at_the_memory_fewer_run",
        ],
        "no open file left for the command itself (ulimit -n 6)": [
            "test_room.py::test_with_hardly_a_descriptor_there_is_a_sentence",
        ],
        "little memory left": [
            "test_room.py::test_with_little_memory_one_runs_at_a_time_and_that_is_said",
        ],
        "few open files allowed (ulimit -n 64)": [
            "test_room.py::test_with_64_descriptors_fewer_run_and_that_is_said",
        ],
    },
    "Trees of processes": {
        "a grandchild keeps the pipe open": [
            "test_trees.py::test_a_grandchild_that_keeps_the_pipes_open_does_not_hold_up_the_end",
        ],
        "a grandchild in a session of its own": [
            "test_trees.py::test_a_grandchild_that_called_setsid_is_ended",
        ],
        "a child that forks while it is killed": [
            "test_trees.py::test_a_child_that_forks_quickly_while_it_is_killed",
        ],
    },
    "The supervisor": {
        "SIGKILL at any instant": [
            "test_parent.py::TestKilled::test_at_a_random_instant",
            "test_parent.py::TestKilled::test_its_run_is_closed_by_the_next",
            "test_parent.py::TestKilled::test_together_with_its_children_at_one_instant",
            "test_parent.py::TestKilled::test_while_a_child_is_held_up_outside_of_a_call",
            "test_parent.py::TestKilled::test_a_child_sees_it_by_its_lifeline",
            "test_kills.py::test_a_child_may_be_killed_at_any_instant",
            "test_kills.py::test_a_supervisor_may_be_killed_at_any_instant",
            "test_kills.py::test_what_would_break_the_promise_is_found_out",
        ],
        "two at once": [
            "test_parent.py::TestNotAlone::test_of_two_started_at_once_one_works_and_the_other_names_it",
            "test_parent.py::TestNotAlone::test_a_second_one_later_names_the_first",
        ],
        "the lock of a dead one": [
            "test_parent.py::TestNotAlone::test_the_lock_of_a_dead_one_holds_up_nobody",
        ],
    },
    "Output": {
        "no newline at the end": BYTE_BY_BYTE,
        "200 MB in one line": ["test_output.py::test_200_mb_in_one_line_take_no_memory"],
        "NUL bytes, invalid UTF-8, U+2028, VT, FS": BYTE_BY_BYTE,
        "\\r progress": BYTE_BY_BYTE,
        "colours left open": BYTE_BY_BYTE,
        "titles, clipboard, cursor": BYTE_BY_BYTE,
        "ten children at once, as fast as they can": [
            "test_output.py::test_ten_children_that_write_as_fast_as_they_can",
            "test_output.py::test_nor_do_ten_writers_at_once_whatever_the_reader_does",
        ],
        "all of these": BYTE_BY_BYTE,
    },
    "The console": {
        "closed, as by | head -1": ["test_console.py::test_piped_into_head"],
        "closed before the summary": [
            "test_console.py::test_a_reader_that_is_gone_before_the_summary",
        ],
        "/dev/full": [
            "test_console.py::test_dev_full",
            "test_console.py::test_dev_full_for_a_command_that_only_tells",
        ],
        "/dev/full as stderr": ["test_console.py::test_dev_full_as_stderr"],
        "a reader that is slow with the last lines": [
            "test_console.py::test_who_reads_the_last_lines_slowly_holds_up_no_other_command",
        ],
        "a reader that stops for 10 s": [
            "test_console.py::test_a_reader_that_stops_until_the_children_have_gone_on_without_it",
        ],
        "stdout closed at the start": ["test_console.py::test_started_without"],
        "stdin or stderr closed at the start": [
            "test_console.py::test_started_without",
            "test_console.py::test_a_sentence_that_nobody_can_be_told",
        ],
    },
    "The disk": {
        "full while a journal commits": [
            "test_disk.py::TestFull::test_while_a_child_writes",
            "test_disk.py::TestFull::test_files_that_may_not_grow_while_a_journal_commits",
        ],
        "full while a document is written or renamed": [
            "test_disk.py::TestFull::test_while_a_child_writes",
            "test_disk.py::TestFull::test_while_a_document_gets_its_name",
        ],
        "full while a log or the record is written": [
            "test_disk.py::TestFull::test_while_a_log_is_written",
            "test_disk.py::TestFull::test_files_that_may_not_grow_while_a_log_is_written",
        ],
        "full while the end of an item or the run is recorded": [
            "test_disk.py::TestFull::test_while_the_end_is_recorded",
        ],
        "the cost of a call cannot be written down": [
            "test_disk.py::TestFull::test_while_the_cost_of_a_call_is_written_down",
        ],
        "the state folder is removed in mid-run": [
            "test_disk.py::test_the_state_folder_is_removed_in_mid_run",
        ],
        "a journal truncated, or no database": [
            "test_disk.py::TestJournals::test_truncated",
            "test_disk.py::TestJournals::test_no_database_at_all",
        ],
        "a journal without a byte": ["test_disk.py::TestJournals::test_empty"],
        "a journal with a flipped bit": ["test_disk.py::TestJournals::test_bit_flipped"],
        "a journal locked by another program": [
            "test_disk.py::TestJournals::test_locked_by_another_program",
        ],
        "a journal of a newer version": ["test_disk.py::TestJournals::test_from_a_newer_schema"],
    },
    "Time": {
        "the wall clock goes back an hour or ahead a day, in a run or between two": [
            "test_time.py::test_the_wall_clock_jumps_in_mid_run",
            "test_time.py::test_a_run_is_resumed_at_another_time_than_it_was_left",
        ],
        "a rest from an earlier run, with such a clock": [
            "test_time.py::test_a_rest_that_is_remembered_gets_no_longer",
        ],
        "the machine, or the whole run, was suspended": [
            "test_time.py::test_a_machine_that_slept_ends_no_child",
            "test_time.py::test_nor_one_that_has_only_seconds_left",
            "test_time.py::test_and_no_grace",
        ],
    },
}


def test_every_row_is_shown_by_a_test_and_no_other_is_named() -> None:
    page = (CLONE / "docs/reliability.md").read_text(encoding="utf-8")
    rows = {section: faults for section, faults in rows_of(page).items() if section != COMPARED}
    assert rows == {section: list(faults) for section, faults in SHOWN_BY.items()}


def test_every_test_of_the_battery_shows_a_row() -> None:
    named = {test for faults in SHOWN_BY.values() for tests in faults.values() for test in tests}
    there = {
        f"{path.name}::{name}"
        for path in (CLONE / "tests/faults").glob("test_*.py")
        for name in names_of_tests(path)
    }
    assert named == there


def rows_of(page: str) -> dict[str, list[str]]:
    """The first cells of the tables, by the section in which they stand."""
    rows: dict[str, list[str]] = {}
    tokens = MarkdownIt("commonmark").enable("table").parse(page)
    for before, opening, content in zip(tokens, tokens[1:], tokens[2:], strict=False):
        words = "".join(child.content for child in content.children or [])
        if opening.type == "heading_open":
            section = words
        elif (before.type, opening.type) == ("tr_open", "td_open"):
            rows.setdefault(section, []).append(words)
    return rows


def names_of_tests(path: Path) -> Iterator[str]:
    """As pytest has them, but for parameters."""
    nodes = ast.parse(path.read_text(encoding="utf-8")).body
    yield from _tests_in(nodes)
    for node in nodes:
        if isinstance(node, ast.ClassDef):
            yield from (f"{node.name}::{name}" for name in _tests_in(node.body))


def _tests_in(nodes: Sequence[ast.stmt]) -> list[str]:
    functions = [node for node in nodes if isinstance(node, ast.FunctionDef)]
    return [function.name for function in functions if function.name.startswith("test_")]
