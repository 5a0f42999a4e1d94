"""Bad input: one clear line and the place, never a traceback."""

import copy
import gzip
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import IO, Any

import pytest

from bench.instances import city
from matching import ProblemError, problem_from_dict, problem_to_dict, read_problem, reader, solve

from . import checker

ROOT = Path(__file__).parents[2]
GOOD = city(seed=5, people=20, tasks=10)


def changed(path: str, value: Any) -> dict[str, Any]:
    """The good input with one place changed."""
    raw = copy.deepcopy(GOOD)
    at: Any = raw
    *way, last = [int(p) if p.isdigit() else p for p in path.split(".")]
    for step in way:
        at = at[step]
    if value is KeyError:
        del at[last]
    else:
        at[last] = value
    return raw


@pytest.mark.parametrize(
    ("path", "value", "where"),
    [
        ("format", "mdeji-plan-1", "format"),
        ("start_date", "2026-13-01", "start_date"),
        ("start_date", "9999-12-01", "start_date"),
        ("days", 0, "days"),
        ("days", True, "days"),
        ("params.grid", 7, "params.grid"),
        ("params.q.rank", -1, "params.q.rank"),
        ("params.travel_den", 0, "params.travel_den"),
        ("venues.0.x", 1.5, "venues[0].x"),
        ("venues", None, "venues"),
        ("supporters.1.id", "s00000", "supporters[1].id"),
        ("supporters.2.skills", {"flying": 1}, "supporters[2].skills.flying"),
        ("supporters.2.skills", {"general": 4}, "supporters[2].skills.general"),
        ("supporters.2.windows", [[0, 545, 600]], "supporters[2].windows[0][1]"),
        ("supporters.2.windows", [[0, 600, 540]], "supporters[2].windows[0]"),
        ("supporters.2.windows", [[7, 540, 600]], "supporters[2].windows[0][0]"),
        ("supporters.2.booked", [[0, 540, 600, 999]], "supporters[2].booked[0][3]"),
        ("supporters.2.max_week", 10**30, "supporters[2].max_week"),
        ("supporters.2.active", 1, "supporters[2].active"),
        ("supporters.2.id", KeyError, "supporters[2].id"),
        ("supporters.2", [], "supporters[2]"),
        ("tasks.3.id", "t00000", "tasks[3].id"),
        ("tasks.3.venue", 999, "tasks[3].venue"),
        ("tasks.3.venue", -1, "tasks[3].venue"),
        ("tasks.3.starts", [[0, 601]], "tasks[3].starts[0][1]"),
        ("tasks.3.starts", [[30, 600]], "tasks[3].starts[0][0]"),
        ("tasks.3.starts", [[1, 600], [1, 600]], "tasks[3].starts[1]"),
        ("tasks.3.topics", [["flying", 1]], "tasks[3].topics[0][0]"),
        ("tasks.3.topics", [["general", 0]], "tasks[3].topics[0][1]"),
        ("tasks.3.kmax", 0, "tasks[3].kmax"),
        ("tasks.3.k", 101, "tasks[3].k"),
        ("tasks.3.needs", [str(i) for i in range(17)], "tasks[3].topics"),
        ("tasks.3.id", "\ud800", "tasks[3].id"),
        ("topics", ["\ud800"], "topics[0]"),
        ("tasks.3.weight", 0, "tasks[3].weight"),
        ("tasks.3.weight", float("nan"), "tasks[3].weight"),
        ("tasks.3.kind", "party", "tasks[3].kind"),
    ],
)
def test_each_mistake_is_named_at_its_place(path: str, value: Any, where: str) -> None:
    with pytest.raises(ProblemError) as caught:
        problem_from_dict(changed(path, value))
    assert caught.value.path == where
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("entry", "where"),
    [
        ({"task": "none", "start": 0, "team": ["s00000"], "status": "accepted"}, "previous[0].task"),
        ({"task": "t00000", "start": 9, "team": ["s00000"], "status": "accepted"}, "previous[0].start"),
        ({"task": "t00000", "start": 0, "team": ["none"], "status": "proposed"}, "previous[0].team[0]"),
        ({"task": "t00000", "start": 0, "team": ["s00000"], "status": "maybe"}, "previous[0].status"),
    ],
)
def test_previous_plans_refer_to_something(entry: dict[str, Any], where: str) -> None:
    with pytest.raises(ProblemError) as caught:
        problem_from_dict({**GOOD, "previous": [entry]})
    assert caught.value.path == where


def test_an_accepted_team_that_breaks_a_rule_is_named() -> None:
    raw = {
        **GOOD,
        "supporters": [{**one, "active": False} for one in GOOD["supporters"]],
        "previous": [
            {"task": "t00000", "start": 0, "team": ["s00000", "s00001"][: GOOD["tasks"][0]["k"]], "status": "accepted"}
        ],
    }
    with pytest.raises(ProblemError) as caught:
        solve(problem_from_dict(raw))
    assert caught.value.path.startswith("previous[0]")


@pytest.mark.parametrize("empty", ["supporters", "tasks"])
def test_nobody_or_nothing_makes_an_empty_plan(empty: str) -> None:
    plan = solve(problem_from_dict({**GOOD, empty: []}))
    assert (plan.assignments, plan.served_weight, plan.bound, plan.q) == ((), 0, 0, 0)


def test_tasks_without_starts_or_topics_are_merely_hard() -> None:
    raw = changed("tasks.0.starts", [])
    raw["tasks"][1]["topics"] = []
    problem = problem_from_dict(raw)
    plan = solve(problem)
    assert checker.faults(problem, plan.assignments) == []
    assert not {"t00000", "t00001"} & {a.task for a in plan.assignments}


def test_bookings_beyond_the_limit_leave_the_person_no_time_and_stop_nothing() -> None:
    raw = copy.deepcopy(GOOD)
    for person in raw["supporters"]:
        person["max_week"] = 1
        person["booked"] = [[day, 540, 600, 0] for day in range(30)]
    plan = solve(problem_from_dict(raw))
    assert plan.assignments == ()


def test_what_is_written_reads_back_the_same() -> None:
    problem = problem_from_dict(GOOD)
    assert problem_from_dict(json.loads(json.dumps(problem_to_dict(problem)))) == problem


def test_gzip_is_told_by_its_content(tmp_path: Path) -> None:
    packed = tmp_path / "problem.json"
    packed.write_bytes(gzip.compress(json.dumps(GOOD).encode()))
    assert read_problem(packed) == problem_from_dict(GOOD)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x00\xff\xfe" * 1000,
        b"[" * 100_000,
        b'{"format": NaN}',
        b"[1, 2, 3]",
        b"9" * 10_000,
        b"\x1f\x8b\x08broken",
        gzip.compress(b"{}")[:-6],
        '{"format": "機\ud800"}'.encode("utf-8", "surrogatepass"),
    ],
    ids=["empty", "binary", "deep", "nan", "list", "long number", "not gzip", "cut gzip", "surrogate"],
)
def test_files_of_something_else_are_refused_in_one_line(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "problem.json"
    path.write_bytes(content)
    with pytest.raises(ProblemError) as caught:
        read_problem(path)
    assert str(caught.value)
    assert "\n" not in str(caught.value)


def run(*arguments: str, stdout: IO[str] | int = subprocess.PIPE) -> subprocess.CompletedProcess[str]:
    """The command, as it is called."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "requests")}
    command = [sys.executable, "-m", "matching", *arguments]
    return subprocess.run(
        command, env=environment, stdout=stdout, stderr=subprocess.PIPE, text=True, check=False, timeout=60
    )


def test_the_command_writes_a_plan_and_ends_with_2_for_a_bad_file(tmp_path: Path) -> None:
    good, bad, out = tmp_path / "good.json", tmp_path / "bad.json", tmp_path / "plan.json"
    good.write_text(json.dumps(GOOD))
    bad.write_text(json.dumps(changed("tasks.3.venue", 999)))
    done = run(str(good), "-o", str(out), "--explain")
    assert done.returncode == 0
    plan = json.loads(out.read_text())
    problem = problem_from_dict(GOOD)
    assert plan["format"] == "mdeji-plan-1"
    assert plan["bound"] == plan["served_weight"]
    assert set(plan["explain"]) == {t.id for t in problem.tasks} - {a["task"] for a in plan["assignments"]}
    refused = run(str(bad))
    assert refused.returncode == 2
    assert refused.stdout == ""
    assert refused.stderr.strip().endswith("tasks[3].venue: must be between 0 and 2, is 999")
    missing = run(str(tmp_path / "none.json"))
    assert missing.returncode == 2
    assert len(missing.stderr.splitlines()) == 1


def test_where_a_plan_cannot_be_written_one_line_says_so_before_anything_is_planned(tmp_path: Path) -> None:
    good = tmp_path / "good.json"
    good.write_text(json.dumps(GOOD))
    nowhere = run(str(good), "-o", str(tmp_path / "none" / "plan.json"))
    assert (nowhere.returncode, len(nowhere.stderr.splitlines())) == (2, 1)
    with Path("/dev/full").open("w") as full:
        stopped = run(str(good), stdout=full)
    assert stopped.returncode == 2
    assert stopped.stderr.splitlines()[-1] == "standard output: No space left on device"


def test_an_object_that_says_a_thing_twice_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "twice.json"
    path.write_text(json.dumps(GOOD)[:-1] + ', "tasks": []}')
    with pytest.raises(ProblemError, match="tasks twice"):
        read_problem(path)


def test_what_unpacks_to_more_than_any_problem_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "LARGEST", 1 << 20)
    path = tmp_path / "zeros.gz"
    path.write_bytes(gzip.compress(bytes(2 << 20)))
    with pytest.raises(ProblemError, match="larger than 1 MB"):
        read_problem(path)


def test_a_missing_object_is_named_once() -> None:
    raw = city(seed=1, people=3, tasks=2)
    del raw["params"]
    with pytest.raises(ProblemError) as caught:
        problem_from_dict(raw)
    assert str(caught.value) == "params: is missing"
