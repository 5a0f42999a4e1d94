"""Seeded instances of the kind that a city, a prefecture or a nation has for one month.

Tight on purpose: not everything can be served.  The same arguments give the same
instance on any machine.
"""

from __future__ import annotations

import random
from typing import Any

__all__ = ["area", "city"]

TOPICS = [
    "general", "smartphone", "line", "internet_safety", "mynumber", "payment", "ai_chat", "tablet",
    "pc_basic", "photo", "maps", "video_call", "email", "disaster_app", "health_app",
]  # fmt: skip
PARAMS: dict[str, Any] = {
    "grid": 15,
    "buffer": 10,
    "minor_latest_end": 1200,
    "travel_base": 5,
    "travel_num": 13,
    "travel_den": 5000,
    "scarce": ["sign", "pt"],
    "scarce_cost": 2,
    "q": {"rank": 30, "fair": 3, "travel": 1, "overkill": 5, "mentor": 40, "stability": 200},
}
DAYS = 30
DISTRICTS = 12
PREFECTURE = 37
"""municipalities of a prefecture, where there are several"""
TOWN_SPACING = 9000
"""metres between neighbouring municipalities"""


def city(seed: int, people: int = 250, tasks: int = 180) -> dict[str, Any]:
    """One municipality."""
    return area(seed, towns=1, people=people, tasks=tasks)


def area(seed: int, towns: int, people: int, tasks: int) -> dict[str, Any]:
    """Several municipalities on a grid, some of whose people go to the neighbours too."""
    # A generator of our own, so that nothing else can move the sequence.
    rng = random.Random(seed)
    side = max(1, round(towns**0.5))
    middles = [(TOWN_SPACING * (i % side), TOWN_SPACING * (i // side)) for i in range(towns)]
    # A quarter to a third lives in the first municipality, as in a prefecture's capital; a nation has many.
    shares = [
        max(1.0, min(towns, PREFECTURE) / 3) if town % PREFECTURE == 0 else 0.5 + rng.random() for town in range(towns)
    ]
    venues = []
    for town, (x, y) in enumerate(middles):
        for _ in range(max(3, round(tasks / 7 * shares[town] / sum(shares)))):
            district = f"m{town}-{rng.randrange(DISTRICTS)}"
            spot = {"x": x + round(rng.gauss(0, 2500)), "y": y + round(rng.gauss(0, 2500))}
            venues.append({**spot, "district": district, "muni": f"m{town}"})
    by_town = [[i for i, v in enumerate(venues) if v["muni"] == f"m{town}"] for town in range(towns)]
    homes = rng.choices(range(towns), shares, k=people)
    places = rng.choices(range(towns), shares, k=tasks)
    return {
        "format": "mdeji-matching-1",
        "name": f"area-{seed}-{towns}-{people}-{tasks}",
        "start_date": "2026-06-01",
        "days": DAYS,
        "params": PARAMS,
        "topics": TOPICS,
        "venues": venues,
        "supporters": [_supporter(rng, f"s{i:05}", town, middles, by_town[town]) for i, town in enumerate(homes)],
        "tasks": [_task(rng, f"t{i:05}", by_town[town]) for i, town in enumerate(places)],
        "previous": [],
    }


def _supporter(
    rng: random.Random, name: str, town: int, middles: list[tuple[int, int]], venues: list[int]
) -> dict[str, Any]:
    x, y = middles[town]
    skills = {topic: rng.choice([1, 1, 2, 2, 3]) for topic in TOPICS if rng.random() < 0.37}
    skills = skills or {"general": 1}
    near = [
        f"m{i}" for i, (a, b) in enumerate(middles)
        if i != town and abs(a - x) + abs(b - y) <= 2 * TOWN_SPACING
    ]  # fmt: skip
    areas = [f"m{town}"] + (rng.sample(near, min(2, len(near))) if rng.random() < 0.15 else [])
    windows = []
    for weekday in rng.sample(range(7), rng.randint(2, 5)):
        start = 15 * rng.randrange(36, 60)
        windows.append([weekday, start, min(1290, start + 15 * rng.randrange(10, 30))])
    exceptions = [[rng.randrange(DAYS), 0, 1440] for _ in range(rng.randrange(4))]
    booked = []
    if rng.random() < 0.08:
        start = 15 * rng.randrange(36, 64)
        booked.append([rng.randrange(DAYS), start, start + 90, rng.choice(venues)])
    minor = rng.random() < 0.06
    return {
        "id": name,
        "x": x + round(rng.gauss(0, 3000)),
        "y": y + round(rng.gauss(0, 3000)),
        "areas": [] if rng.random() < 0.005 else areas,
        "max_travel": rng.choice([25, 30, 30, 35, 40, 45, 60, 60]),
        "skills": skills,
        "windows": sorted(windows),
        "exceptions": exceptions,
        "booked": booked,
        "max_week": rng.choice([1, 1, 1, 2]),
        "max_month": rng.choice([1, 1, 2, 3, 4]),
        "minor": minor,
        "lead": not minor and rng.random() < 0.33,
        "newcomer": rng.random() < 0.15,
        "attrs": [a for a, share in (("woman", 0.5), ("sign", 0.035), ("pt", 0.03)) if rng.random() < share],
        "history": rng.randrange(6),
        "active": rng.random() < 0.97,
    }


def _task(rng: random.Random, name: str, venues: list[int]) -> dict[str, Any]:
    desk = rng.random() < 0.3
    starts: list[list[int]] = []
    for _ in range(1 if desk else rng.choice([1, 2, 3, 3])):
        start = [rng.randrange(DAYS), rng.choice([570, 600, 780, 810, 900, 1080])]
        if start not in starts:
            starts.append(start)
    k = 2 if desk else rng.choice([1, 1, 1, 2, 2, 3, 4])
    chosen = ["general"] if desk else rng.sample(TOPICS, rng.choice([1, 1, 1, 2, 3]))
    return {
        "id": name,
        "kind": "desk" if desk else "session",
        "venue": rng.choice(venues),
        "starts": starts,
        "dur": rng.choice([60, 90, 120, 120, 150, 180]),
        "participants": 0 if desk else 5 * k,
        "k": k,
        "kmax": k if desk else k + 1,
        "topics": [[topic, 1 if desk else rng.choice([1, 2, 2, 3])] for topic in chosen],
        "lead": not desk,
        "needs": [a for a, share in (("woman", 0.06), ("sign", 0.02), ("pt", 0.02)) if rng.random() < share],
        "first_time": not desk and rng.random() < 0.3,
        "submitted": -30 if desk else rng.randint(-60, -3),
        "deadline": DAYS - 1 if rng.random() < 0.8 else rng.randrange(10, DAYS),
        "weight": 9 if desk else rng.randint(10, 23),
    }
