"""The coordinator's list of requests, and one request with its whole story."""

from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import partial
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from notifications.models import Message
from programme.access import coordinator_only
from programme.errors import ChangedMeanwhile, Refused
from programme.models import District
from programme.models.kept import kept_rows
from programme.records import record_of
from programme.wording import say_list
from support_requests import contacts
from support_requests.errors import SameTime
from support_requests.forms import AnswerForm, CalledOffForm, PublicForm, ReasonForm, RequestFilter, RescheduleForm
from support_requests.history import group_history
from support_requests.messages import about_contact, asked_by, say_ended
from support_requests.models import Inquiry, Session, SupportRequest
from support_requests.models.requests import SupportRequestQuerySet
from support_requests.rescheduling import other_times, reschedule
from supporters.models import Assignment, SpecialNeed

ROWS = 20  # a page
KEPT = "fewer"  # whose reason is for the record alone
FORMS = ("decline", "withdraw", "reopen", KEPT)  # each is made when somebody follows its link


@coordinator_only
def request_list(request: HttpRequest) -> HttpResponse:
    """Requests, those that wait longest first; narrowed by status and words."""
    narrow = RequestFilter(request.GET)
    rows = _narrowed(SupportRequest.objects.visible_to(request.user), narrow)
    rows = rows.select_related("group__district", "venue").prefetch_related("times")
    page = Paginator(rows, ROWS).get_page(request.GET.get("page"))
    return render(request, "support_requests/list.html", {"filter": narrow, "page": page})


def _narrowed(rows: SupportRequestQuerySet, narrow: RequestFilter) -> SupportRequestQuerySet:
    wanted = narrow.cleaned_data if narrow.is_valid() else {}
    if words := wanted.get("words"):
        rows = rows.found_by(words)
    match wanted.get("status") or RequestFilter.UNDER_WAY:
        case RequestFilter.UNDER_WAY:
            return rows.under_way()
        case RequestFilter.ALL:
            return rows
        case RequestFilter.INQUIRIES:
            return rows.with_inquiries()
        case status:
            return rows.filter(status=status)


@coordinator_only
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    """All facts of a request, what happened to it, whom was told what, and what can be done."""
    return _page(request, pk)


@require_POST
@coordinator_only
def confirm(request: HttpRequest, pk: int) -> HttpResponse:
    """The group was reached by telephone, and means it."""
    asked = get_object_or_404(SupportRequest.objects.visible_to(request.user), pk=pk)
    try:
        asked.confirm(by=request.user)
    except Refused as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, _("確認済みにしました。これから日にちとサポーターを調整します。"))
    return redirect("support_requests:detail", pk)


@require_POST
@coordinator_only
def confirm_contact(request: HttpRequest, pk: int) -> HttpResponse:
    """The group was reached at its new number, or said by telephone that its new address is right."""
    asked = get_object_or_404(SupportRequest.objects.visible_to(request.user), pk=pk)
    shown = request.POST.get("contact", "")
    try:
        contacts.prove(asked, int(shown) if shown.isdecimal() else None, by=request.user)
    except Refused as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, _("新しい連絡先に変えました。"))
    return redirect("support_requests:detail", pk)


@require_POST
@coordinator_only
def decline(request: HttpRequest, pk: int) -> HttpResponse:
    """The programme cannot help; the reason is told."""
    return _with_reason(request, pk, "decline", SupportRequest.decline, done=_("お断りしました。代表の方に伝えます。"))


@require_POST
@coordinator_only
def withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    """The group said by telephone that it takes its request back."""
    return _with_reason(
        request, pk, "withdraw", SupportRequest.withdraw, done=_("取り下げにしました。代表の方に伝えます。")
    )


@require_POST
@coordinator_only
def reopen(request: HttpRequest, pk: int) -> HttpResponse:
    """The time or the team does not hold: another is sought."""
    return _with_reason(
        request,
        pk,
        "reopen",
        SupportRequest.reopen,
        done=_("調整中に戻しました。希望の日時を直して、計画してください。"),
    )


@coordinator_only
def move(request: HttpRequest, pk: int) -> HttpResponse:
    """To another time, with the same team as far as it can come; the group has been asked by whoever does this."""
    rows = Session.objects.visible_to(request.user).select_related("request__group")
    rows = rows.select_related("shift__venue__district", "shift__venue__closures")
    session = get_object_or_404(rows, request=pk)
    asked = session.request
    if not asked.may_be_reopened or session.shift.cancelled_at:
        messages.error(request, str(ChangedMeanwhile()))
        return redirect("support_requests:detail", pk)
    wishes = [wish.starts_at for wish in asked.times.all()]
    times = other_times(session, wishes, by=request.user)
    sent = request.POST if request.method == "POST" else None
    form = RescheduleForm(sent, now=session.shift.starts_at, times=times)
    if form.is_valid():
        doubtful = [it for one in other_times(session, [form.starts_at], by=request.user) for it in one.doubtful]
        leaving: list[Assignment] = []
        try:
            with suppress(SameTime):  # the button was pressed twice
                leaving = reschedule(session, form.starts_at, by=request.user, reason=form.cleaned_data["reason"])
        except Refused as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, _("日時を変えました。代表の方とサポーターに伝えます。"))
            if leaving:
                names = say_list(one.supporter.name for one in leaving)
                messages.warning(request, _("新しい日時に行けないため、担当から外れた人: %(names)s") % {"names": names})
            if doubtful:
                said = _("いつもの曜日・時間や場所の外なので、行けるか確かめてほしい人: %(names)s")
                messages.warning(request, said % {"names": say_list(it.name for it in doubtful)})
            return redirect("support_requests:detail", pk)
    context = {"asked": asked, "shift": session.shift, "form": form}
    return render(request, "support_requests/reschedule.html", context)


@require_POST
@coordinator_only
def go_with_fewer(request: HttpRequest, pk: int) -> HttpResponse:
    """Not everybody has said yes, but those who have are enough."""
    return _with_reason(request, pk, "fewer", _go_with_fewer, done=_("引き受けた人だけで行うことに決めました。"))


def _go_with_fewer(asked: SupportRequest, *, by: Any, reason: str) -> None:
    session = Session.objects.filter(request=asked).first()
    if session is None:
        raise ChangedMeanwhile
    session.go_with_fewer(by=by, reason=reason)


@require_POST
@coordinator_only
def publish(request: HttpRequest, pk: int) -> HttpResponse:
    """The group lets anybody come: the session stands in the open data from now on."""
    session = get_object_or_404(Session.objects.visible_to(request.user), request=pk)
    form = PublicForm(request.POST, prefix="public")
    if not form.is_valid():
        return _page(request, pk, public=form)
    try:
        session.open_to_all(by=request.user, title=form.cleaned_data["title"])
    except Refused as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, _("だれでも参加できる催しとして公開しました。"))
    return redirect("support_requests:detail", pk)


@require_POST
@coordinator_only
def keep_to_group(request: HttpRequest, pk: int) -> HttpResponse:
    """The session is for the group alone again."""
    get_object_or_404(Session.objects.visible_to(request.user), request=pk).keep_to_group()
    messages.success(request, _("公開をやめました。"))
    return redirect("support_requests:detail", pk)


@require_POST
@coordinator_only
def settle_inquiry(request: HttpRequest, pk: int) -> HttpResponse:
    """Answer what a group wrote, or note that it was settled by telephone."""
    rows = Inquiry.objects.filter(request__in=SupportRequest.objects.visible_to(request.user))
    inquiry = get_object_or_404(rows.select_related("request__group__contact"), pk=pk)
    form = AnswerForm(request.POST, prefix=f"inquiry-{pk}")
    if form.is_valid():
        try:
            inquiry.settle(by=request.user, answer=form.cleaned_data["answer"])
        except Refused as refused:
            messages.error(request, str(refused))
        else:
            messages.success(request, _("返事を送りました。") if inquiry.answer else _("済みにしました。"))
    return redirect("support_requests:detail", inquiry.request_id)


@require_POST
@coordinator_only
def end_series(request: HttpRequest, pk: int) -> HttpResponse:
    """The group said that it wants no further month."""
    rows = SupportRequest.objects.visible_to(request.user).filter(series__isnull=False)
    asked = get_object_or_404(rows.select_related("series"), pk=pk)
    try:
        later = asked.end_series(by=request.user)
    except Refused as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, say_ended(later))
    return redirect("support_requests:detail", pk)


def _with_reason(request: HttpRequest, pk: int, name: str, verb: Callable[..., None], *, done: str) -> HttpResponse:
    """Call ``verb`` with the reason typed into the form ``name``, or show the page again with what is missing."""
    asked = get_object_or_404(SupportRequest.objects.visible_to(request.user), pk=pk)
    form = _form(name, asked, request.POST)
    if not form.is_valid():
        return _page(request, pk, sent=form)
    try:
        verb(asked, by=request.user, **form.cleaned_data)
    except Refused as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, done)
    return redirect("support_requests:detail", pk)


def _form(name: str, asked: SupportRequest, sent: Any = None) -> ReasonForm:
    """The form of one of the page's verbs. Where the office lets a time fall it says what for."""
    if name in ("decline", "reopen") and asked.may_be_reopened:
        return CalledOffForm(sent, prefix=name)
    return ReasonForm(sent, prefix=name, told=name != KEPT)


def _page(
    request: HttpRequest, pk: int, *, sent: ReasonForm | None = None, public: PublicForm | None = None
) -> HttpResponse:
    # What few requests have (a room, a series, a new contact) is read when there is one.
    rows = SupportRequest.objects.visible_to(request.user).select_related("group__contact", "venue")
    asked = get_object_or_404(rows.prefetch_related("times"), pk=pk)
    session = Session.objects.select_related("shift__venue", "report", "feedback").filter(request=asked).first()
    districts = {one.pk: one for one in kept_rows(District.objects.all())}
    team = list(session.shift.assignments.select_related("supporter").order_by("pk")) if session else []
    now = timezone.now()
    inquiries = asked.inquiries.select_related("settled_by")
    do = request.GET.get("do")
    if do == "publish" and session:
        public = PublicForm(prefix="public")
    context = {
        "asked": asked,
        "channel": asked_by(asked) if asked.status == SupportRequest.Status.RECEIVED else None,
        "district": districts[asked.group.district_id],
        "venue_district": districts[asked.venue.district_id],
        "topics": asked.topics.select_related("topic"),
        "needs": [SpecialNeed(need).label for need in asked.needs],
        "moves": [(move, SupportRequest.Status(move.to_status).label) for move in asked.moves.select_related("by")],
        "inquiries": [(it, AnswerForm(prefix=f"inquiry-{it.pk}")) for it in inquiries if not it.settled_at],
        "settled": [it for it in inquiries if it.settled_at],
        "told": Message.objects.filter(subject__in=_subjects(asked, inquiries)).order_by("created_at", "pk"),
        "history": group_history(asked.group, now),
        "session": session,
        "record": partial(record_of, asked, asked.group, asked.group.contact, *_of_session(session)),
        "begun": session is not None and session.shift.starts_at <= now,
        "team": team,
        "someone_leaves": any(it.status == Assignment.Status.STANDING_IN_WANTED for it in team),
        "times_gone": asked.may_be_revised and all(time.starts_at <= now for time in asked.times.all()),
        "doing": sent or (_form(do, asked) if do in FORMS else None),
        "public": public,
        "form": sent or public,  # base.html says in the title that something is wrong
    }
    return render(request, "support_requests/detail.html", context)


def _subjects(asked: SupportRequest, inquiries: Iterable[Inquiry]) -> list[str]:
    """What messages about the request are filed under."""
    return [f"request:{asked.pk}", about_contact(asked.group), *(f"inquiry:{it.pk}" for it in inquiries)]


def _of_session(session: Session | None) -> tuple[Any, ...]:
    """What the page shows of it, for the record."""
    return (session, session.shift, getattr(session, "report", None)) if session else ()
