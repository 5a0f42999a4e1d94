"""The living page of the design system: each component with its states, rendered by the partials that pages use.

The sample of an entry is ``templates/mdeji/design/<its name>.html``.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from django import forms
from django.contrib.messages import constants
from django.contrib.messages.storage.base import Message
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from mdeji.contrast import contrast
from programme.access import figures_only
from programme.widgets import DateField, TimeField, WeekTimesField, WholeNumberField

TOKENS = Path(__file__).parent / "static" / "mdeji" / "tokens.css"
TEXT, SIGN = 4.5, 3.0
"""the least contrast of text, and of a line or sign that one must see. Source: WCAG 2.2, 1.4.3 and 1.4.11"""

# (role in front, role behind, least contrast)
PAIRS = (
    ("text", "surface", TEXT),
    ("text-strong", "surface", TEXT),
    ("text-quiet", "surface", TEXT),
    ("text", "surface-quiet", TEXT),
    ("text-quiet", "surface-quiet", TEXT),
    ("key", "surface", TEXT),
    ("key", "surface-quiet", TEXT),
    ("key", "key-tint", TEXT),
    ("on-key", "key", TEXT),
    ("on-key", "key-over", TEXT),
    ("on-key", "key-pressed", TEXT),
    ("error", "surface", TEXT),
    ("on-error", "error", TEXT),
    ("on-error", "error-over", TEXT),
    ("success", "surface", TEXT),
    ("warning", "surface", TEXT),
    ("text", "key-tint", TEXT),
    ("text", "success-tint", TEXT),
    ("text", "warning-tint", TEXT),
    ("text", "error-tint", TEXT),
    ("focus-text", "yellow-300", TEXT),
    ("focus-outer", "surface", SIGN),
    ("line-field", "surface", SIGN),
    ("key", "surface", SIGN),
)
"""What stands on what, somewhere on our pages. tests/mdeji/test_design.py holds each to its least."""


@dataclass(frozen=True, slots=True)
class Entry:
    name: str
    title: Promise
    when: Promise
    instead: Promise
    """when not, and what to take then"""

    @property
    def template(self) -> str:
        return f"mdeji/design/{self.name}.html"


@dataclass(frozen=True, slots=True)
class Group:
    name: str
    title: Promise
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class Pair:
    """Two colours that meet, with their contrast by day and by night."""

    front: str
    behind: str
    least: float
    light: tuple[str, str]
    dark: tuple[str, str]

    @property
    def by_day(self) -> float:
        return contrast(*self.light)

    @property
    def by_night(self) -> float:
        return contrast(*self.dark)


class Tokens:
    """tokens.css, read: custom properties by day and, with the changes, by night."""

    def __init__(self, css: str) -> None:
        before, _rule, after = css.partition("@media (prefers-color-scheme: dark)")
        self.light = dict(self._properties(before.partition("@media")[0]))
        self.dark = self.light | dict(self._properties(after.partition("@media")[0]))

    @staticmethod
    def _properties(css: str) -> Iterator[tuple[str, str]]:
        yield from re.findall(r"--([\w-]+):\s*([^;]+);", css)

    def colour(self, role: str, values: dict[str, str]) -> str:
        """#rrggbb of a role, through as many names as it takes."""
        value = values[role]
        name = re.fullmatch(r"var\(--([\w-]+)\)", value)
        return self.colour(name[1], values) if name else value

    @cached_property
    def pairs(self) -> list[Pair]:
        return [
            Pair(
                front,
                behind,
                least,
                light=(self.colour(front, self.light), self.colour(behind, self.light)),
                dark=(self.colour(front, self.dark), self.colour(behind, self.dark)),
            )
            for front, behind, least in PAIRS
        ]

    def sizes(self, kind: str) -> dict[str, int]:
        """Tokens of one kind ("size", "space") in pixels at the usual text size, as on a phone."""
        rems = {name: value for name, value in self.light.items() if name.startswith(f"{kind}-")}
        return {name: round(float(value.removesuffix("rem")) * 16) for name, value in rems.items()}


class SampleForm(forms.Form):
    name = forms.CharField(label=gettext_lazy("お名前"), help_text=gettext_lazy("ふだんお使いの名前でかまいません。"))
    email = forms.EmailField(label=gettext_lazy("メールアドレス"), required=False)
    people = WholeNumberField(label=gettext_lazy("人数"), min_value=3)
    place = forms.ChoiceField(
        label=gettext_lazy("場所"), choices=[("", gettext_lazy("選んでください")), ("a", gettext_lazy("公民館"))]
    )
    day = DateField(label=gettext_lazy("日にち"), help_text=gettext_lazy("例 2026年 4月 1日"))
    begins = TimeField(label=gettext_lazy("始める時刻"), required=False)
    device = forms.ChoiceField(
        label=gettext_lazy("お使いの機器"),
        widget=forms.RadioSelect,
        choices=[("phone", gettext_lazy("スマートフォン")), ("tablet", gettext_lazy("タブレット"))],
    )
    topics = forms.MultipleChoiceField(
        label=gettext_lazy("学びたいこと"),
        required=False,
        widget=forms.CheckboxSelectMultiple(attrs={"class": "columns"}),
        choices=[("map", gettext_lazy("地図")), ("photo", gettext_lazy("写真")), ("line", "LINE")],
    )
    agreed = forms.BooleanField(label=gettext_lazy("内容を読んで、同意します"))
    week = WeekTimesField(label=gettext_lazy("活動できる曜日と時間"), required=False)
    notes = forms.CharField(
        label=gettext_lazy("伝えたいこと"), required=False, widget=forms.Textarea(attrs={"rows": 3})
    )


GROUPS = (
    Group(
        "page",
        gettext_lazy("画面の枠"),
        (
            Entry(
                "header",
                gettext_lazy("ヘッダー"),
                gettext_lazy("すべての画面の上にあります。キーボードで最初に止まるのは「本文へ進む」です。"),
                gettext_lazy("画面ごとに作りません。base.html が入れます。"),
            ),
            Entry(
                "breadcrumb",
                gettext_lazy("現在の場所"),
                gettext_lazy("上の階層がある画面で使います。"),
                gettext_lazy("一つずつ進む入力では使いません。「戻る」を置きます。"),
            ),
            Entry(
                "card",
                gettext_lazy("カード"),
                gettext_lazy("行き先を選ぶ画面で使います。カードのどこを押しても進みます。"),
                gettext_lazy("行き先が2つ以上あるものは、カードの中に普通のリンクを書きます。"),
            ),
            Entry(
                "pagination",
                gettext_lazy("ページ送り"),
                gettext_lazy("一覧が長いときに使います。しぼり込みはそのまま残ります。"),
                gettext_lazy("20件までの一覧は、1ページに全部出します。"),
            ),
            Entry(
                "ruby",
                gettext_lazy("漢字のふりがな"),
                gettext_lazy("やさしい日本語の画面で、漢字の上に自動で付きます。"),
                gettext_lazy("手では書きません。読みは furigana.txt に足します。"),
            ),
        ),
    ),
    Group(
        "forms",
        gettext_lazy("入力"),
        (
            Entry(
                "buttons",
                gettext_lazy("ボタン"),
                gettext_lazy("何かが変わる操作に使います。青いボタンは、1画面に1つです。"),
                gettext_lazy("別の画面を見るだけのときは、リンクにします。押せないボタンは出しません。"),
            ),
            Entry(
                "fields",
                gettext_lazy("入力欄"),
                gettext_lazy("見出し、※必須か任意、説明、エラー、欄の順に並びます。読み上げはエラーが先です。"),
                gettext_lazy("欄の中に例を書きません。打ち始めると消えるからです。"),
            ),
            Entry(
                "errors",
                gettext_lazy("エラーの表示"),
                gettext_lazy("送れなかったとき、上にまとめて出し、欄のそばにも出します。入力した内容は残ります。"),
                gettext_lazy("打っている途中では出しません。"),
            ),
            Entry(
                "filter",
                gettext_lazy("しぼり込み"),
                gettext_lazy("一覧の上に置き、欄を横に並べます。"),
                gettext_lazy("何かを登録する入力には使いません。"),
            ),
            Entry(
                "steps",
                gettext_lazy("進みぐあい"),
                gettext_lazy("3つから7つの段階で、今どこかを知らせます。"),
                gettext_lazy("割合が大事なときは、進捗の棒を使います。"),
            ),
            Entry(
                "summary",
                gettext_lazy("確認の一覧"),
                gettext_lazy("送る前に、入力した内容を確かめて直すために使います。"),
                gettext_lazy("直せない内容は、名前と値の一覧にします。"),
            ),
            Entry(
                "dialog",
                gettext_lazy("確認の小窓"),
                gettext_lazy("取り返しのつかない操作の前に、一度だけ聞きます。スクリプトなしで開きます。"),
                gettext_lazy("入力欄があるときは、別の画面で聞きます。元に戻せる操作では聞きません。"),
            ),
        ),
    ),
    Group(
        "telling",
        gettext_lazy("知らせる"),
        (
            Entry(
                "notices",
                gettext_lazy("お知らせの枠"),
                gettext_lazy("先へ進む前に知っておくことを、画面の上のほうに書きます。"),
                gettext_lazy("操作の結果は、枠ではなく、下の「結果の知らせ」で出します。"),
            ),
            Entry(
                "toast",
                gettext_lazy("結果の知らせ"),
                gettext_lazy("操作のあと、次の画面の一番上に出ます。自動では消えません。"),
                gettext_lazy("あとで見直すことは、画面の本文に書きます。"),
            ),
            Entry(
                "status",
                gettext_lazy("状態"),
                gettext_lazy("一つのものの今の状態を、記号と言葉で表します。色だけには頼りません。"),
                gettext_lazy("文で説明が要るときは、お知らせの枠を使います。"),
            ),
            Entry(
                "progress",
                gettext_lazy("進捗の棒"),
                gettext_lazy("目標に対する割合を、棒と言葉で表します。"),
                gettext_lazy("目標のない数は、数字だけにします。"),
            ),
            Entry(
                "empty",
                gettext_lazy("まだ何もないとき"),
                gettext_lazy("一覧が空のとき、次に何をするかを書きます。"),
                gettext_lazy("読み込みに失敗したときは、エラーの画面にします。"),
            ),
        ),
    ),
    Group(
        "showing",
        gettext_lazy("見せる"),
        (
            Entry(
                "facts",
                gettext_lazy("名前と値、大きな数字"),
                gettext_lazy("一つのものの内容を見せます。"),
                gettext_lazy("同じ項目のものがいくつも並ぶときは、表にします。"),
            ),
            Entry(
                "table",
                gettext_lazy("表"),
                gettext_lazy("比べるものを並べます。スマホでは、1行が1枚のカードになります。"),
                gettext_lazy("行き先を選ぶだけなら、カードにします。"),
            ),
            Entry(
                "log",
                gettext_lazy("できごとの記録"),
                gettext_lazy("いつ、だれが、何をしたかを、順に見せます。"),
                gettext_lazy("これからの予定には使いません。"),
            ),
            Entry(
                "fold",
                gettext_lazy("たたんだ説明"),
                gettext_lazy("必要な人が少ない内容をたたみます。"),
                gettext_lazy("みんなが読む内容や、必須の欄はたたみません。"),
            ),
        ),
    ),
)


@figures_only
def design(request: HttpRequest) -> HttpResponse:
    tokens = Tokens(TOKENS.read_text())
    typed = {"email": "alice", "people": "2", "day_year": "2026", "day_month": "2", "topics": "map"}
    context = {
        "groups": GROUPS,
        "pairs": tokens.pairs,
        "text_sizes": tokens.sizes("size"),
        "spaces": tokens.sizes("space"),
        "sample": SampleForm(),
        "wrong": SampleForm({f"wrong-{name}": value for name, value in typed.items()}, prefix="wrong"),
        "narrow": SampleForm(prefix="narrow"),
        "results": [
            Message(constants.SUCCESS, _("この月を締めました。")),
            Message(constants.ERROR, _("ほかの人が先に変えました。画面を読み込み直してください。")),
        ],
        "steps": [_("受付"), _("確認"), _("日時の決定"), _("活動"), _("報告")],
        "rows": [
            {"label": _("お名前"), "value": _("前橋 花子"), "change_url": "#summary"},
            {"label": _("日にち"), "value": "", "change_url": "#summary"},
            {"label": _("受付番号"), "value": "R-0123"},
        ],
        "page": Paginator(range(60), 20).page(2),
        "now": timezone.now(),
    }
    return render(request, "mdeji/design.html", context)
