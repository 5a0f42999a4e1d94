"""All that the system holds of a supporter: to read, to take along, to have erased."""

import datetime as dt
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import messages
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from notifications import links
from notifications.own import bad_link
from programme import own_data
from programme.access import UserRequest, coordinator_only, signed_in
from programme.errors import Refused
from programme.models import Limits, Programme, Role
from programme.steps import begun, drafts_in_words
from programme.wording import say_day, say_list, say_moment, say_time
from supporters import erasing
from supporters.messages import KEEP, LIFETIME
from supporters.models import Assignment, Honorarium, Supporter
from supporters.own_data import person_of, person_of_account
from supporters.views.replies import told

OwnView = Callable[[UserRequest, Supporter | None], HttpResponse]


def _own(view: OwnView) -> Callable[..., HttpResponseBase]:
    """Also for who has signed in and not applied yet, who is no supporter."""

    @never_cache
    @signed_in
    @wraps(view)
    def opened(request: UserRequest) -> HttpResponse:
        return view(request, Supporter.objects.filter(user=request.user).first())

    return opened


def _person(request: UserRequest, supporter: Supporter | None) -> own_data.Person:
    return person_of(supporter) if supporter else person_of_account(request.user)


@_own
def overview(request: UserRequest, supporter: Supporter | None) -> HttpResponse:
    """Where to read and take along one's data, and what becomes of each part when they are erased."""
    if supporter is None:
        return _overview_of_account(request)
    if request.method == "POST":
        with told(request, _("お申し出を受け付けました。消す日とやめる方法を、お知らせしました。")):
            erasing.ask(supporter, by=request.user)
        return redirect("supporters:own_data")
    context = {
        "supporter": supporter,
        "parts": list(own_data.holdings()),
        "days": Limits.current().erasure_days,
        "promised": supporter.assignments.upcoming().filter(status=Assignment.Status.ACCEPTED).count(),
        "unpaid": Honorarium.objects.filter(assignment__supporter=supporter, payment=None, yen__gt=0).exists(),
        "keep_token": links.token(KEEP, supporter.pk),
    }
    return render(request, "supporters/own_data.html", context)


def _overview_of_account(request: UserRequest) -> HttpResponse:
    """The same before anything was applied for: what was typed so far is erased with the account, at once."""
    if request.method == "POST":
        try:
            erasing.erase_account(request.user)
        except Refused as refusal:
            messages.error(request, str(refusal))
            return redirect("supporters:own_data")
        logout(request)
        messages.success(request, _("アカウントと、入力した内容を消しました。"))
        return redirect("/?signed_out=1")  # what the device keeps for being without the net is forgotten there
    context = {"begun": bool(begun(request.session)), "erasable": request.user.role == Role.MEMBER}
    return render(request, "supporters/own_account.html", context)


@require_safe
@_own
def read(request: UserRequest, supporter: Supporter | None) -> HttpResponse:
    """Everything on one page, to read or to print; and what was typed on this device and not sent."""
    person = _person(request, supporter)
    parts = [_part(holding, person) for holding in own_data.holdings()]
    parts.append({"title": _("この機器で、とちゅうまで入力した内容"), "rows": _drafts(request)})
    context = {"parts": [part for part in parts if part["rows"]], "deeds": _deeds(person), "made_at": timezone.now()}
    return render(request, "supporters/own_data_all.html", context)


def _part(holding: own_data.Holding, person: own_data.Person) -> dict[str, Any]:
    columns = holding.columns()
    rows = [[(words, _say(row[path])) for path, words in columns] for row in holding.rows(person)]
    return {"title": holding.title, "rows": rows}


def _drafts(request: HttpRequest) -> list[list[tuple[str, str]]]:
    return [
        [(_("入力したページ"), heading), (_("最後に入力した日時"), say_moment(touched)), *rows]
        for heading, touched, rows in drafts_in_words(request)
    ]


def _say(value: Any) -> str:
    match value:
        case None | "" | []:
            return "―"
        case bool():
            return _("はい") if value else _("いいえ")
        case dt.datetime():
            return say_moment(value)
        case dt.date():
            return say_day(value)
        case dt.time():
            return say_time(value)
        case list():
            return say_list(value)
        case _other:
            return str(value)


def _deeds(person: own_data.Person) -> list[tuple[Any, int]]:
    """What the person did to others' rows, with how many there are."""
    if person.user is None:
        return []
    counted = [(deed.title, len(deed.keys(person.user))) for deed in own_data.deeds()]
    return [(title, count) for title, count in counted if count]


@require_safe
@_own
def download(request: UserRequest, supporter: Supporter | None) -> HttpResponse:
    """Everything as JSON, keyed by model and field, for programs; and what was typed on this device and not sent."""
    person = _person(request, supporter)
    programme = Programme.objects.first()
    content = {
        "programme": programme.name if programme else "",
        "made_at": timezone.localtime().isoformat(timespec="seconds"),
        "data": {
            holding.model._meta.label: {
                "title": str(holding.title),
                "after_erasure": str(holding.after),
                "rows": [own_data.plain(row) for row in holding.rows(person)],
            }
            for holding in own_data.holdings()
        },
        "done_by_you": {
            f"{deed.model._meta.label}.{deed.field}": {
                "title": str(deed.title),
                "records": [str(key) for key in (deed.keys(person.user) if person.user else [])],
            }
            for deed in own_data.deeds()
        },
        "drafts": [
            {
                "form": draft["kind"],
                "touched": draft["touched"],
                "answers": draft["answers"] | draft.get("typed", {}),
            }
            for _pk, draft in begun(request.session)
        ],
    }
    return JsonResponse(
        content,
        json_dumps_params={"ensure_ascii": False, "indent": 2},
        headers={"Content-Disposition": f'attachment; filename="mdeji-{timezone.localdate()}.json"'},
    )


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def keep(request: HttpRequest, token: str) -> HttpResponse:
    """By the link in the message: the data stay after all."""
    try:
        key = links.read(KEEP, token, max_age=LIFETIME[KEEP])
    except Refused as refusal:
        return bad_link(request, refusal)
    supporter = get_object_or_404(Supporter, pk=key)
    if request.method == "POST":
        with told(request, _("データを消すのをやめました。")):
            erasing.take_back(supporter)
        return redirect("supporters:keep_data", token)
    return render(request, "supporters/keep_data.html", {"supporter": supporter})


@require_POST
@coordinator_only
def ask_for(request: HttpRequest, pk: int) -> HttpResponse:
    """Somebody has asked the office, by telephone or letter, to erase their data."""
    supporter = get_object_or_404(Supporter.objects.visible_to(request.user), pk=pk)
    with told(request, _("データを消すお申し出を受け付けました。本人に、消す日とやめる方法をお知らせしました。")):
        erasing.ask(supporter, by=request.user)
    return redirect("supporters:person", pk)


@require_POST
@coordinator_only
def keep_for(request: HttpRequest, pk: int) -> HttpResponse:
    """Somebody has rung to take the wish back, or the button was pressed for the wrong person."""
    supporter = get_object_or_404(Supporter.objects.visible_to(request.user), pk=pk)
    with told(request, _("この方のデータは消しません。")):
        erasing.take_back(supporter)
    return redirect("supporters:person", pk)
