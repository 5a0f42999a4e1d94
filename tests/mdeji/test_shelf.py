"""The folder ``requests/`` must never shadow the HTTP library of that name (docs/adr/0001)."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
PRINT = "import requests, twilio.rest; print(requests.__file__); print(twilio.rest.__file__)"
# What Celery and gunicorn are pointed at: ours, and then the two libraries.
GUARD = f"from mdeji.celery import app\nfrom mdeji.wsgi import application\n{PRINT}\n"


@pytest.mark.parametrize(
    "command",
    [
        pytest.param(["-c", PRINT], id="python"),
        pytest.param(["-c", f"import mdeji; {PRINT}"], id="python after the project"),
        pytest.param(["manage.py", "shell", "--no-imports", "-c", PRINT], id="manage.py"),
        pytest.param(["-m", "celery", "-A", "guard", "report"], id="celery"),
        pytest.param(["-m", "gunicorn", "--check-config", "guard:application"], id="gunicorn"),
    ],
)
def test_the_http_library_is_found_and_not_the_shelf(command: list[str], tmp_path: Path) -> None:
    (tmp_path / "guard.py").write_text(GUARD)
    result = subprocess.run(
        [sys.executable, *command],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    found = [Path(line) for line in result.stdout.splitlines() if line.endswith("__init__.py")]
    assert [path.parent.name for path in found] == ["requests", "rest"]
    assert ["site-packages" in path.parts for path in found] == [True, True]


def test_the_shelf_is_no_package() -> None:
    assert list((ROOT / "requests").glob("*.py")) == []


def test_the_tests_of_the_shelf_s_apps_do_not_make_a_package_of_that_name() -> None:
    assert not (ROOT / "tests" / "requests").exists()
