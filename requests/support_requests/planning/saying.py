"""The matcher's codes as sentences for the coordinator. The codes are in docs/matching.md."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.dates import WEEKDAYS_ABBR
from django.utils.translation import gettext as _

from programme.models import Topic
from programme.models.kept import kept_rows
from programme.wording import say_list, say_minute
from support_requests.models import PlannedTask
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


def say_why(task: PlannedTask) -> str:
    """Why a plan found nobody for a standing shift, in one sentence."""
    if task.outcome:
        return task.outcome
    topics = {topic.pk: str(topic) for topic in kept_rows(Topic.objects.all())}
    return " ".join(one.sentence for one in obstacles(task.explanation, topics))


def say_obstacle(level: str, missing: list[str], topics: Mapping[str, str]) -> str:
    """One record: its level, and on the levels "static" and "busy" what was missing."""
    sentences = {
        "past": _("この日時は過ぎています。"),
        "outside": _("この計画の期間に入っていません。"),
        "closed": _("会場がお休みの日です。"),
        "hours": _("会場が開いている時間の外です。"),
        "room": _("人数の入る部屋が空いていません。"),
        "asked": _("行けるサポーターには、今月お願いできる回数まで、もうお願いしました。電話で頼むことはできます。"),
        "deadline": _("申込みの期限より後の日です。"),
        "static": _("この日時に行けるサポーターの中に、次がたりません:%(missing)s"),
        "busy": _("行けるサポーターがほかの活動に行くため、次がたりません:%(missing)s"),
    }
    return sentences[level] % {"missing": say_list(say_missing(code, topics) for code in missing)}


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


def say_stage(stage: str) -> str:
    """How far the worker is, from ``Plan.progress``."""
    sentences = {
        "": _("順番を待っています。"),
        "greedy": _("最初の案ができました。もっと多くの活動に行ける組み合わせをさがしています。"),
        "weight": _("もっと多くの活動に行ける組み合わせか、移動や回数の負担が少ない組み合わせをさがしています。"),
        "quality": _("組み合わせをととのえて、説明をまとめています。"),
    }
    return sentences[stage]


def say_recruit(one: Mapping[str, Any], topics: Mapping[str, str], districts: Mapping[str, str]) -> str:
    """Whom to look for: what the person can do, and where and when the person is free."""
    known = [(code, level) for code, level in one["topics"] if not code.startswith("any:")]
    able = [
        _("「%(topic)s」レベル%(level)s") % {"topic": topics.get(code, code), "level": level} for code, level in known
    ]
    if len(known) < len(one["topics"]):
        able.append(_("この活動の内容を教えられる人"))
    if one["lead"]:
        able.append(_("リーダーができる人"))
    able += [say_missing(f"need:{name}", topics) for name in one["needs"]]
    return _("%(able)s。%(district)sに、%(weekday)s曜日の%(start)sから%(end)sまで行ける人") % {
        "able": say_list(able),
        "district": districts.get(one["district"], one["district"]),
        "weekday": WEEKDAYS_ABBR[one["weekday"]],
        "start": say_minute(one["from"]),
        "end": say_minute(one["to"]),
    }


def say_rule(rule: str | None) -> str:
    """Why a person is not in a team: the first hard rule that fails (docs/matching.md), or none."""
    sentences = {
        None: _(
            "行くことはできますが、選ばれた人たちのほうが、移動、回数の公平さ、前の案などを合わせて負担が少なくなります。"
        ),
        "H2": _("だれかと入れ替わると、必要な条件がそろわなくなります。人数も、もう増やせません。"),
        "H3": _("今は活動していません。"),
        "H4": _("行ける地区や、移動できる時間の外です。"),
        "H5": _("この日時は、空いている時間として登録されていません。"),
        "H6": _("同じ時間か、移動が間に合わない時間に、ほかの活動があります。"),
        "H7": _("その週か月の、引き受けられる回数か、1か月にお願いする回数に達しています。"),
        "H8": _("この活動の内容が、できることに登録されていません。"),
        "H11": _("18歳未満の人には遅い時間です。"),
        "H12": _("申込みの期限より後の日です。"),
    }
    return sentences[rule]
