"""The ledger on a very large programme: `make bench-kpi`, or `python -m bench.kpi --scale 0.05` for a twentieth.

Fills a PostgreSQL database of its own (made and dropped here) with five fiscal years: at scale 1, ten million
consultations, a million assignments and 60,000 supporters. Prints times, and the ratios that matter: a month's report
from raw rows against hand-written SQL for the same figures in the same run.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from uuid import uuid4

import psycopg

SERVER = os.environ.get("BENCH_SERVER", "postgresql://postgres@127.0.0.1:5432")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scale", type=float, default=1.0, help="1.0: ten million consultations")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--keep", metavar="NAME", help="use the database NAME, fill it if it is not there, and keep it")
    options = parser.parse_args()
    with database(options.keep) as (address, is_new):
        os.environ["DATABASE_URL"] = address
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
        import django

        django.setup()
        from bench import kpi_data, kpi_measures

        if is_new:
            with told("filling"):
                kpi_data.fill(options.scale)
        return kpi_measures.measure(options.runs, best_of=best_of, told=told, memory=memory)


@contextmanager
def database(kept: str | None) -> Iterator[tuple[str, bool]]:
    name = kept or f"bench_kpi_{uuid4().hex}"
    with psycopg.connect(f"{SERVER}/postgres", autocommit=True) as admin:
        there = admin.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone()
        if not there:
            admin.execute(f'CREATE DATABASE "{name}"')
        try:
            yield f"{SERVER.replace('postgresql', 'postgres')}/{name}", not there
        finally:
            if not kept:
                from django.db import connections

                connections.close_all()
                admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@contextmanager
def told(what: str) -> Iterator[None]:
    print(f"{what} …", end=" ", flush=True)
    start = time.perf_counter()
    yield
    print(f"{time.perf_counter() - start:.1f} s")


def best_of(runs: int, *works: Callable[[], object]) -> list[float]:
    """The median seconds of each of ``works``, run by turns, so that all meet the same machine."""
    times: list[list[float]] = [[] for _work in works]
    for _run in range(runs):
        for work, taken in zip(works, times, strict=True):
            start = time.perf_counter()
            work()
            taken.append(time.perf_counter() - start)
    return [statistics.median(taken) for taken in times]


def memory() -> int:
    """The most memory that this process has held, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


if __name__ == "__main__":
    sys.exit(main())
