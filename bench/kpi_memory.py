"""How much memory an export takes, each in a process of its own: `python -m bench.kpi_memory 2025-06 2025FY`.

Of the database that DATABASE_URL names, by `manage.py kpi_export`, as the office would take the file.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys

FORMS = (("xlsx",), ("csv",), ("csv", "--encoding", "cp932"), ("json",))
AT_MOST = 300
"""MB: what an export may take at its peak"""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("periods", nargs="+", metavar="PERIOD", help="2025-06, 2025FY, 2025H1, 2025-04..2025-06")
    return measure(parser.parse_args().periods)


def measure(periods: list[str]) -> int:
    """Prints the peak of each export, and gives how many of them took more than AT_MOST."""
    too_large = 0
    print(f"memory at the peak: {_peak('check', '--tag', 'models')} MB for Django and nothing exported")
    for period in periods:
        for form, *more in FORMS:
            peak = _peak("kpi_export", period, "--format", form, *more, "--output", os.devnull)
            too_large += peak > AT_MOST
            print(f"  {period} as {' '.join([form, *more])}: {peak} MB{' (too much)' if peak > AT_MOST else ''}")
    return too_large


def _peak(*arguments: str) -> int:
    """The most memory that `manage.py` with these arguments has held, in MB. CalledProcessError when it fails."""
    command = [sys.executable, "manage.py", *arguments]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _pid, status, used = os.wait4(process.pid, 0)
    if code := os.waitstatus_to_exitcode(status):
        raise subprocess.CalledProcessError(code, command)
    return used.ru_maxrss // 1024


if __name__ == "__main__":
    sys.exit(main())
