"""Lighthouse's marks for four pages on a simulated phone: `make lighthouse`. Needs Node with npx, and chromium.

The pages come from gunicorn with the settings of production. Exits 1 when a mark is below its goal.
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
django.setup()

from tests.browser.standing import HTTPS, Standing, as_in_production, stand  # noqa: E402  (needs Django)
from tests.processes import own_environment  # noqa: E402

LIGHTHOUSE = "lighthouse@12.8.2"  # the last one for Node 20
TRIES = 3  # on a busy machine it sometimes loses its trace and asks to be run again
RUNS = 3  # the median counts: one run is disturbed by whatever else the machine does
GOALS = {"performance": 98, "accessibility": 100, "best-practices": 95}
PAGES = {  # page: who opens it
    "home": "anonymous",
    "support_requests:step": "anonymous",
    "supporters:register_step": "member",
    "consult:log": "desk",
}


def main() -> int:
    missing = [command for command in ("npx", "chromium") if shutil.which(command) is None]
    if missing:
        print(f"needs {' and '.join(missing)}")
        return 1
    with (
        tempfile.TemporaryDirectory() as folder,
        own_environment(Path(folder)) as environment,
        stand(as_in_production(environment), Path(folder) / "web.log") as site,
    ):
        marks = {page: marks_of(site, page, role, Path(folder)) for page, role in PAGES.items()}
    print("| page | " + " | ".join(GOALS) + " |")
    for page, found in marks.items():
        print(f"| {page} | " + " | ".join(str(found[category]) for category in GOALS) + " |")
    return int(any(found[category] < goal for found in marks.values() for category, goal in GOALS.items()))


def marks_of(site: Standing, page: str, role: str, folder: Path) -> dict[str, int]:
    """The median mark of each category, 0 to 100; says which audits cost points."""
    headers = {**HTTPS, "Accept-Language": "ja"}
    if role in site.sessions:
        headers["Cookie"] = f"sessionid={site.sessions[role]}"
    head = folder / "headers.json"
    head.write_text(json.dumps(headers))
    reports = [report(site.address + site.pages(role)[page], head) for _ in range(RUNS)]
    for line in sorted({line for one in reports for line in losses(one)}):
        print(f"{page}: {line}", file=sys.stderr)
    scores = {category: [one["categories"][category]["score"] for one in reports] for category in GOALS}
    return {category: round(100 * statistics.median(found)) for category, found in scores.items()}


def report(address: str, head: Path) -> dict:
    """What Lighthouse says of ``address``, asked for with the headers in the file ``head``."""
    command = ["npx", "--yes", LIGHTHOUSE, address, "--quiet", "--output=json", f"--extra-headers={head}"]
    command += [f"--only-categories={','.join(GOALS)}", "--chrome-flags=--headless=new --no-sandbox"]
    environment = {**os.environ, "CHROME_PATH": str(shutil.which("chromium"))}
    for _ in range(TRIES):
        done = subprocess.run(command, env=environment, check=False, capture_output=True, text=True)
        if done.returncode == 0:
            return json.loads(done.stdout)
        print(done.stderr, file=sys.stderr)
    raise SystemExit(f"Lighthouse has no report of {address}")


def losses(report: dict) -> list[str]:
    """The audits that cost points."""
    weighty = {audit["id"] for part in report["categories"].values() for audit in part["auditRefs"] if audit["weight"]}
    audits = [report["audits"][name] for name in weighty]
    return [
        f"{audit['id']}: {audit['title']}"
        for audit in audits
        if (audit["score"] or 0) < 0.9 and audit["scoreDisplayMode"] != "notApplicable"
    ]


if __name__ == "__main__":
    sys.exit(main())
