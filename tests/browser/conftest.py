"""A site of its own for the browser: web, worker and beat as real processes, and Debian's chromium."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from tests.browser.hall import Hall, open_hall
from tests.browser.site import Site
from tests.browser.standing import Standing, as_in_production, stand
from tests.processes import ROOT, a_free_port, own_environment, wait_until

CHROMIUM = shutil.which("chromium")
# A busy machine is no fault of the page.
expect.set_options(timeout=20_000)
# Without these chromium looks for its maker's servers.
QUIET = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"]
QUIET += ["--disable-background-networking", "--disable-component-update"]


@contextmanager
def serving(environment: dict[str, str], folder: Path) -> Iterator[Site]:
    """The whole programme with its demo, as ``make run`` starts it, with its data in ``folder``."""
    port = a_free_port()
    environment |= {"PORT": str(port), "OUTBOX_SWEEP_SECONDS": "5", "EMAIL_URL": "mailbox://"}
    environment["PLAN_SWEEP_SECONDS"] = "5"
    environment.pop("SITE_URL", None)
    log = folder / "serve.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "manage.py", "serve"],
            cwd=ROOT,
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            wait_until(lambda: "Ctrl-C" in log.read_text(), seconds=90)
            yield Site(environment, f"http://localhost:{port}", folder / "mail")
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(timeout=30)
    assert "Traceback" not in log.read_text()


@pytest.fixture
def site(environment: dict[str, str], tmp_path: Path) -> Iterator[Site]:
    """The programme for one test alone, which changes much of it."""
    with serving(environment, tmp_path) as served:
        yield served


@pytest.fixture(scope="session")
def shared_site(tmp_path_factory: pytest.TempPathFactory, django_db_setup: None) -> Iterator[Site]:
    """The programme for tests that get along: each adds something of its own."""
    need_chromium()
    folder = tmp_path_factory.mktemp("shared")
    with own_environment(folder) as environment, serving(environment, folder) as served:
        yield served


@pytest.fixture(scope="session")
def standing(tmp_path_factory: pytest.TempPathFactory, django_db_setup: None) -> Iterator[Standing]:
    """The demo's pages, for tests that look at them with a browser."""
    need_chromium()
    folder = tmp_path_factory.mktemp("standing")
    with own_environment(folder) as environment, stand(environment, folder / "web.log") as site:
        yield site


@pytest.fixture(scope="session")
def production(tmp_path_factory: pytest.TempPathFactory, django_db_setup: None) -> Iterator[Standing]:
    """The same pages with the settings of production. Requests say that they came by https: see HTTPS."""
    folder = tmp_path_factory.mktemp("production")
    with own_environment(folder) as environment, stand(as_in_production(environment), folder / "web.log") as site:
        yield site


@pytest.fixture(scope="session")
def hall(tmp_path_factory: pytest.TempPathFactory, django_db_setup: None) -> Iterator[Hall]:
    """A hall with wifi that tests may cut and disturb; each opens a desk of its own there."""
    need_chromium()
    folder = tmp_path_factory.mktemp("hall")
    with own_environment(folder) as environment, open_hall(environment, folder) as opened:
        yield opened


@pytest.fixture
def browser() -> Iterator[Browser]:
    need_chromium()
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET, env=dict(os.environ))
        yield chromium
        chromium.close()


def need_chromium() -> None:
    if CHROMIUM is None:
        pytest.skip("needs Debian's chromium (apt install chromium fonts-noto-cjk)")
