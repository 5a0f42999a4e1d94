"""The coordinator's office: what to do next, the most pressing first. Empty when the work is done."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

from dateutil.relativedelta import relativedelta
from django.db.models import Count, Exists, F, Min, OuterRef, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _

from consult.models import MonthReport, Opening, ProposedCorrection
from consult.staffing import URGENT
from notifications.models import Channel, Message
from programme.access import coordinator_only
from programme.fiscal import Month
from programme.models import Limits
from programme.wording import say_day, say_moment
from support_requests.forms import RequestFilter
from support_requests.models import Inquiry, Plan, PlannedTask, PreferredTime, Session, SupportRequest
from support_requests.planning.mending import given_up
from support_requests.planning.saying import say_why
from support_requests.planning.staffing import short_of_people
from supporters.merging import known_already
from supporters.models import Consent, Honorarium, Supporter

SOON = dt.timedelta(days=14)
"""places without people are pressing when the day is no farther than this"""
LAST_CALL = dt.timedelta(hours=48)
"""a session this near has its team, or somebody decides"""
PATIENCE = dt.timedelta(days=2)
"""a group that was sent a link is rung when it has not opened it by then"""


@dataclass(frozen=True, slots=True)
class Job:
    """One kind of thing to do: how many there are, the first of them, and the page on which it is done."""

    title: str
    count: int
    detail: str
    page: str
    """name of the URL"""
    query: str = ""
    pressing: bool = False


@coordinator_only
def office(request: HttpRequest) -> HttpResponse:
    jobs = [job for job in _Inbox(timezone.now()).jobs() if job.count]
    return render(request, "mdeji/office.html", {"jobs": jobs})


def _first(rows: QuerySet, moment: str) -> tuple[int, dt.datetime | None]:  # type: ignore[type-arg]  # of any model
    """How many rows, and the earliest ``moment`` among them, in one query."""
    found = rows.aggregate(count=Count("pk", distinct=True), first=Min(moment))
    return found["count"], found["first"]


def _say(sentence: str, moment: dt.datetime | None) -> str:
    return sentence % {"moment": say_moment(moment)} if moment else ""


class _Inbox:
    """Each method counts one kind of job in one query; their order in ``jobs`` is the order of work."""

    def __init__(self, now: dt.datetime) -> None:
        self.now = now
        self.today = timezone.localdate(now)

    def jobs(self) -> Iterator[Job]:
        yield self.nobody_left()
        yield self.missing_people()
        yield self.desks_without_people()
        yield self.not_booked()
        yield self.people_to_tell()
        yield self.to_confirm()
        yield self.inquiries()
        yield self.ready_plans()
        yield self.open_requests()
        yield self.times_gone()
        yield self.missing_reports()
        yield self.known_already()
        yield self.applied()
        yield self.trained()
        yield self.without_consent()
        yield self.honoraria_to_approve()
        yield self.month_to_close()
        yield self.corrections_to_decide()

    # --- Requests and shifts ---------------------------------------------------------------------------
    def nobody_left(self) -> Job:
        """Everybody who could go was asked, or none is there: the reason found for the soonest."""
        tasks = list(given_up(self.now).select_related("shift"))
        detail = ""
        if tasks and (shift := tasks[0].shift):
            facts = {"moment": say_moment(shift.starts_at), "reason": say_why(tasks[0])}
            detail = _("一番近いものは %(moment)s です。%(reason)s") % facts
        return Job(
            title=_("お願いできる人がいなくなった活動"),
            count=len(tasks),
            detail=detail,
            page="support_requests:given_up",
            pressing=True,
        )

    def missing_people(self) -> Job:
        near = short_of_people(self.now).filter(starts_at__lte=self.now + SOON)
        count, first = _first(near.exclude(pk__in=given_up(self.now).values("shift")), "starts_at")
        return Job(
            title=_("人がたりず、だれにもお願いしていない活動"),
            count=count,
            detail=_say(_("一番近いものは %(moment)s です。計画して、人をさがしてください。"), first),
            page="support_requests:plans",
            pressing=True,
        )

    def desks_without_people(self) -> Job:
        """Those who are asked may still say no: until somebody comes, the day is at risk."""
        count, first = _first(Opening.objects.short_of_people(self.now + URGENT), "shift__starts_at")
        return Job(
            title=_("相談所で、担当が足りない日"),
            count=count,
            detail=_say(_("一番近いものは %(moment)s です。人をさがしてください。"), first),
            page="consult:urgent",
            pressing=True,
        )

    def not_booked(self) -> Job:
        """Sessions close at hand whose team is not complete: the group does not know yet whether anybody comes."""
        near = (self.now, self.now + LAST_CALL)
        status = SupportRequest.Status.PLANNED
        sessions = Session.objects.filter(
            request__status=status, shift__cancelled_at=None, shift__starts_at__range=near
        )
        count, first = _first(sessions, "shift__starts_at")
        return Job(
            title=_("もうすぐなのに、サポーターがそろっていない出張サポート"),
            count=count,
            detail=_say(_("一番近いものは %(moment)s です。引き受けた人だけで行うか、決め直してください。"), first),
            page="support_requests:list",
            query="?status=planned",
            pressing=True,
        )

    def people_to_tell(self) -> Job:
        count, first = _first(Message.objects.needs_a_person(), "created_at")
        return Job(
            title=_("電話で伝えること・届いたか分からない連絡"),
            count=count,
            detail=_say(_("一番古いものは %(moment)s からです。"), first),
            page="messages:list",
            pressing=True,
        )

    def to_confirm(self) -> Job:
        """Groups without an e-mail address, and those that have not opened the link that was sent to them."""
        by_phone = (
            Q(group__contact__email="")
            | Q(group__contact__preferred=Channel.PHONE)
            | Q(received_at__lt=self.now - PATIENCE)
        )
        requests = SupportRequest.objects.filter(by_phone, status=SupportRequest.Status.RECEIVED)
        count, first = _first(requests, "received_at")
        return Job(
            title=_("電話で確認する申込み"),
            count=count,
            detail=_say(_("一番古いものは %(moment)s に受け付けました。"), first),
            page="support_requests:list",
            query="?status=received",
            pressing=True,
        )

    def inquiries(self) -> Job:
        """What groups wrote by their private links."""
        count, first = _first(Inquiry.objects.waiting(), "asked_at")
        return Job(
            title=_("団体からの連絡"),
            count=count,
            detail=_say(_("一番古いものは %(moment)s に届きました。"), first),
            page="support_requests:list",
            query=f"?status={RequestFilter.INQUIRIES}",
            pressing=True,
        )

    def ready_plans(self) -> Job:
        plans = Plan.objects.filter(status=Plan.Status.READY, tasks__starts_at__isnull=False)
        count, first = _first(plans, "created_at")
        return Job(
            title=_("承認を待っている計画"),
            count=count,
            detail=_say(_("一番古いものは %(moment)s にできました。日がたつと、使えない部分が増えます。"), first),
            page="support_requests:plans",
            pressing=True,
        )

    def open_requests(self) -> Job:
        """Those that could be planned, and that no plan ready to be approved would serve."""
        in_plan = PlannedTask.objects.filter(
            request=OuterRef("pk"), plan__status=Plan.Status.READY, starts_at__isnull=False
        )
        requests = SupportRequest.objects.open().filter(Exists(self._times_to_come())).exclude(Exists(in_plan))
        count, first = _first(requests, "received_at")
        return Job(
            title=_("日時とサポーターが決まっていない申込み"),
            count=count,
            detail=_say(_("一番古いものは %(moment)s に受け付けました。"), first),
            page="support_requests:plans",
        )

    def times_gone(self) -> Job:
        """Requests that cannot go on by themselves: somebody has to talk to the group."""
        open_too_long = Q(status=SupportRequest.Status.CONFIRMED) & ~Q(Exists(self._times_to_come()))
        team_not_found = Q(status=SupportRequest.Status.PLANNED, session__shift__starts_at__lte=self.now)
        count, first = _first(SupportRequest.objects.filter(open_too_long | team_not_found), "received_at")
        return Job(
            title=_("希望の日時が過ぎてしまった申込み"),
            count=count,
            detail=_say(_("一番古いものは %(moment)s に受け付けました。団体に連絡してください。"), first),
            page="support_requests:list",
            pressing=True,
        )

    def _times_to_come(self) -> QuerySet[PreferredTime]:
        return PreferredTime.objects.filter(request=OuterRef("pk"), starts_at__gt=self.now)

    def missing_reports(self) -> Job:
        sessions = Session.objects.filter(
            shift__ends_at__lte=self.now,
            shift__cancelled_at=None,
            request__status=SupportRequest.Status.BOOKED,
            report=None,
        )
        count, first = _first(sessions, "shift__starts_at")
        return Job(
            title=_("報告がまだの活動"),
            count=count,
            detail=_say(_("一番古いものは %(moment)s の活動です。"), first),
            page="support_requests:list",
            query="?status=booked",
        )

    # --- People ----------------------------------------------------------------------------------------
    def known_already(self) -> Job:
        """Applications of people whom we may know: one person is registered once."""
        applied = Supporter.objects.filter(status=Supporter.Status.APPLIED)
        count, first = _first(known_already(applied), "applied_at")
        return Job(
            title=_("もう登録している人かもしれない申込み"),
            count=count,
            detail=_say(_("一番古いものは %(moment)s に届きました。同じ人かどうかを決めてください。"), first),
            page="supporters:people",
            query="?status=applied",
        )

    def applied(self) -> Job:
        count, first = _first(Supporter.objects.filter(status=Supporter.Status.APPLIED), "applied_at")
        return Job(
            title=_("サポーターの申込み"),
            count=count,
            detail=_say(_("一番古いものは %(moment)s に届きました。"), first),
            page="supporters:people",
            query="?status=applied",
        )

    def trained(self) -> Job:
        people = Supporter.objects.filter(status=Supporter.Status.TRAINING).trained()
        count, _first_one = _first(people, "applied_at")
        return Job(
            title=_("研修が終わり、活動を始められるサポーター"),
            count=count,
            detail=_("「活動中」にすると、お願いを送れるようになります。"),
            page="supporters:people",
            query="?status=training",
        )

    def without_consent(self) -> Job:
        born_after = self.today - relativedelta(years=Limits.current().adult_age)
        valid = Consent.objects.filter(supporter=OuterRef("pk"), given_at__isnull=False, revoked_at=None)
        status = Supporter.Status
        minors = Supporter.objects.filter(
            status__in=(status.APPLIED, status.TRAINING, status.ACTIVE), birth_date__gt=born_after
        )
        count, _first_one = _first(minors.exclude(Exists(valid)), "applied_at")
        return Job(
            title=_("保護者の同意がない18歳未満のサポーター"),
            count=count,
            detail=_("同意があるまで、活動をお願いできません。"),
            page="supporters:people",
        )

    def honoraria_to_approve(self) -> Job:
        rows = Honorarium.objects.waiting().aggregate(count=Count("pk"), first=Min("day"))
        day = say_day(rows["first"]) if rows["first"] else ""
        return Job(
            title=_("承認を待っている謝礼の明細"),
            count=rows["count"],
            detail=_("一番古いものは %(day)s の活動です。作った人のほかのコーディネーターが承認します。")
            % {"day": day},
            page="kpi:honoraria_now",
        )

    # --- Figures ---------------------------------------------------------------------------------------
    def month_to_close(self) -> Job:
        """Months that are over and not closed, from the first closed one on: they may be closed in any order."""
        over = Month.of(self.today).previous
        number = over.year * 12 + over.month
        closed = MonthReport.objects.aggregate(first=Min(F("year") * 12 + F("month")), count=Count("pk"))
        count = 1 if closed["first"] is None else number - closed["first"] + 1 - closed["count"]
        return Job(
            title=_("締めていない月"),
            count=count,
            detail=_("%(day)sまでの実績を確かめて、締めてください。") % {"day": say_day(over.last)},
            page="kpi:months",
        )

    def corrections_to_decide(self) -> Job:
        count, first = _first(ProposedCorrection.objects.waiting(), "made_at")
        return Job(
            title=_("締めた月の、確認待ちの訂正"),
            count=count,
            detail=_say(_("一番古いものは %(moment)s にできました。訂正するかどうかを決めてください。"), first),
            page="kpi:proposals",
        )
