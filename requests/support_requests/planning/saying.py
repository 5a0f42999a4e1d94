"""The matcher's codes as sentences for the coordinator. The codes are in docs/matching.md."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from supporters.models import SpecialNeed


@dataclass(frozen=True, slots=True)
class Obstacle:
    """What stood against one wished start, in a sentence."""

    starts_at: dt.datetime
    sentence: str


def obstacles(explanation: list[dict[str, Any]], topics: Mapping[str, str]) -> list[Obstacle]:
    """An explanation as ``PlannedTask`` keeps it, in words. ``topics`` gives the names by code."""
    return [
        Obstacle(
            starts_at=dt.datetime.fromisoformat(record["starts_at"]),
            sentence=say_obstacle(record["level"], record["missing"], topics),
        )
        for record in explanation
    ]


def say_obstacle(level: str, missing: list[str], topics: Mapping[str, str]) -> str:
    """One record: its level, and on the levels "static" and "busy" what was missing."""
    sentences = {
        "past": _("この日時は過ぎています。"),
        "outside": _("この計画の期間に入っていません。"),
        "closed": _("会場がお休みの日です。"),
        "room": _("会場の部屋が空いていません。"),
        "deadline": _("申込みの期限より後の日です。"),
        "static": _("この日時に行けるサポーターの中に、次がたりません:%(missing)s"),
        "busy": _("行けるサポーターがほかの活動に行くため、次がたりません:%(missing)s"),
    }
    return sentences[level] % {"missing": "、".join(say_missing(code, topics) for code in missing)}


def say_missing(code: str, topics: Mapping[str, str]) -> str:
    """One missing thing: "size", "adult", "lead", "topic:T05", "need:sign" or "combo"."""
    kind, _colon, name = code.partition(":")
    match kind:
        case "size":
            return _("必要な人数")
        case "adult":
            return _("大人(18歳以上)")
        case "lead":
            return _("リーダーができる人")
        case "topic" if name.startswith("any:"):
            return _("この活動の内容を教えられる人")
        case "topic":
            return _("「%(topic)s」を希望のレベルで教えられる人") % {"topic": topics.get(name, name)}
        case "need":
            return _("「%(need)s」に当てはまる人") % {"need": dict(SpecialNeed.choices).get(name, name)}
        case "combo":
            return _("決められた人数で全部の条件に合う組み合わせ(一つ一つの条件に合う人はいます)")
    raise ValueError(f"the matcher has no code {code!r}")


def say_quality(served: int, bound: int) -> str:
    """How good a plan is, against what is proven to be the most."""
    if served >= bound:
        return _("これより良い組み合わせがないことを、計算で確かめています。")
    percent = -(-1000 * (bound - served) // bound) / 10
    return _("時間内に見つかった、一番良い組み合わせです。最も良いものとの差は、大きくても%(percent)s%%です。") % {
        "percent": percent
    }
