"""The matcher's codes as sentences for the coordinator. The codes are in docs/matching.md."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from supporters.models import SpecialNeed


@dataclass(frozen=True, slots=True)
class Obstacle:
    """What stood against one wished start: a sentence, and the single things that were missing."""

    starts_at: dt.datetime
    sentence: str
    missing: list[str]


def obstacles(explanation: list[dict[str, Any]], topics: Mapping[str, str]) -> list[Obstacle]:
    """An explanation as ``PlannedTask`` keeps it, in words. ``topics`` gives the names by code."""
    return [
        Obstacle(
            starts_at=dt.datetime.fromisoformat(record["starts_at"]),
            sentence=say_level(record["level"]),
            missing=[say_missing(code, topics) for code in record["missing"]],
        )
        for record in explanation
    ]


def say_level(level: str) -> str:
    sentences = {
        "past": _("この日時は過ぎています。"),
        "outside": _("この計画の期間に入っていません。"),
        "closed": _("会場がお休みの日です。"),
        "room": _("会場の部屋が空いていません。"),
        "deadline": _("申込みの期限より後の日です。"),
        "static": _("この日時に行けるサポーターの中で、次のことが足りません。"),
        "busy": _("行けるサポーターはいますが、ほかの活動と重なるため、次のことが足りません。"),
    }
    return sentences[level]


def say_missing(code: str, topics: Mapping[str, str]) -> str:
    """One missing thing: "size", "adult", "lead", "topic:T05", "need:sign" or "combo"."""
    kind, _colon, name = code.partition(":")
    match kind:
        case "size":
            return _("必要な人数がそろいません。")
        case "adult":
            return _("大人(18歳以上)のサポーターがいません。")
        case "lead":
            return _("リーダーができる人がいません。")
        case "topic" if name.startswith("any:"):
            return _("この活動の内容を教えられる人がいません。")
        case "topic":
            return _("「%(topic)s」を、希望のレベルで教えられる人がいません。") % {"topic": topics.get(name, name)}
        case "need":
            return _("「%(need)s」に当てはまる人がいません。") % {"need": dict(SpecialNeed.choices).get(name, name)}
        case "combo":
            return _("一つ一つの条件に合う人はいますが、決められた人数では全部の条件がそろいません。")
    raise ValueError(f"the matcher has no code {code!r}")


def say_quality(served: int, bound: int) -> str:
    """How good a plan is, against what is proven to be the most."""
    if served >= bound:
        return _("これより良い組み合わせがないことを、計算で確かめています。")
    percent = -(-1000 * (bound - served) // bound) / 10
    return _("時間内に見つかった、一番良い組み合わせです。最も良いものとの差は、大きくても%(percent)s%%です。") % {
        "percent": percent
    }
