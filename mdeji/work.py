"""The kinds of work in the office: each a query, how its rows read, and by when they want to be done."""

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from dateutil.relativedelta import relativedelta
from django.db.models import Exists, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from consult.models import Opening, ProposedCorrection
from consult.staffing import URGENT
from notifications.models import Channel, Message
from programme.fiscal import start_of
from programme.models import Limits
from programme.wording import say_day, say_moment
from support_requests.forms import RequestFilter
from support_requests.models import Inquiry, Plan, PlannedTask, PreferredTime, Session, SupportRequest
from support_requests.planning.mending import given_up
from support_requests.planning.saying import say_why
from support_requests.planning.staffing import short_of_people
from supporters.merging import known_already
from supporters.models import Assignment, Consent, Supporter

SOON = dt.timedelta(days=14)
"""places without people are pressing when the day is no farther than this"""
LAST_CALL = dt.timedelta(hours=48)
"""a session this near has its team, or somebody decides"""
PATIENCE = dt.timedelta(days=2)
"""a group that was sent a link is rung when it has not opened it by then"""
LAPSING = dt.timedelta(hours=12)
"""an offer whose answer is due this soon is looked at, so that nobody is surprised"""
DAY = dt.timedelta(days=1)
ABOUT_PEOPLE = ("known", "applied", "trained", "consent", "birthday", "silent")
"""the kinds whose rows are supporters"""


@dataclass(frozen=True, slots=True)
class Press:
    """A button that does the work in one click: posts ``name=value`` to ``url``."""

    label: str
    url: str
    name: str = ""
    value: str = ""


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of work: its rows, how each reads, and by when it wants to be done.

    ``moment`` is the field by which the rows wait, the earliest first; ``due`` what that means for the work.
    """

    slug: str
    title: str
    rows: "QuerySet[Any]"
    moment: str
    says: str
    page: str
    due: Callable[[Any], dt.datetime]
    url: Callable[[Any], str]
    about: Callable[[Any], str] = str
    detail: Callable[[Any], str] = lambda _row: ""
    key: str = "pk"
    query: str = ""
    pressing: bool = False
    press: Callable[[Any], Press] | None = None


def _shift_page(row: Any) -> str:
    return reverse("supporters:shift", args=[row.pk])


def _request_page(row: Any) -> str:
    return reverse("support_requests:detail", args=[row.pk])


def _person_page(row: Any) -> str:
    return reverse("supporters:person", args=[row.pk])


class Kinds:
    """Each method is one kind of work; their order in ``all`` is that of the list by kinds."""

    def __init__(self, now: dt.datetime) -> None:
        self.now = now
        self.today = timezone.localdate(now)
        self.limits = Limits.current()

    def all(self) -> Iterator[Kind]:
        yield self.nobody_left()
        yield self.missing_people()
        yield self.desks_without_people()
        yield self.not_booked()
        yield self.people_to_tell()
        yield self.to_confirm()
        yield self.inquiries()
        yield self.lapsing()
        yield self.ready_plans()
        yield self.open_requests()
        yield self.times_gone()
        yield self.missing_reports()
        yield self.known_already()
        yield self.applied()
        yield self.trained()
        yield self.without_consent()
        yield self.coming_of_age()
        yield self.silent()
        yield self.corrections_to_decide()

    # --- Requests and shifts ---------------------------------------------------------------------------
    def nobody_left(self) -> Kind:
        """Everybody who could go was asked, or none is there."""
        return Kind(
            slug="nobody",
            title=_("お願いできる人がいなくなった活動"),
            rows=given_up(self.now).select_related("shift__venue"),
            moment="shift__starts_at",
            says=_("一番近いものは %(moment)s です。"),
            page="support_requests:given_up",
            about=lambda row: f"{row.shift.title} {say_moment(row.shift.starts_at)}",
            detail=say_why,
            due=lambda row: row.shift.starts_at - 5 * DAY,
            url=lambda row: _shift_page(row.shift),
            key="shift_id",
            pressing=True,
        )

    def missing_people(self) -> Kind:
        near = short_of_people(self.now).filter(starts_at__lte=self.now + SOON)
        desks = Opening.objects.short_of_people(self.now + URGENT).order_by().values("pk")  # told of there
        return Kind(
            slug="people",
            title=_("人がたりず、だれにもお願いしていない活動"),
            rows=near.exclude(pk__in=given_up(self.now).values("shift"))
            .exclude(opening__in=desks)
            .select_related("venue"),
            moment="starts_at",
            says=_("一番近いものは %(moment)s です。計画して、人をさがしてください。"),
            page="support_requests:plans",
            about=lambda row: f"{row.title} {say_moment(row.starts_at)}",
            due=lambda row: row.starts_at - 5 * DAY,
            url=_shift_page,
            pressing=True,
        )

    def desks_without_people(self) -> Kind:
        """Those who are asked may still say no: until somebody comes, the day is at risk."""
        return Kind(
            slug="desk",
            title=_("相談所で、担当が足りない日"),
            rows=Opening.objects.short_of_people(self.now + URGENT).select_related("desk", "shift"),
            moment="shift__starts_at",
            says=_("一番近いものは %(moment)s です。人をさがしてください。"),
            page="consult:urgent",
            about=lambda row: f"{row.desk.title} {say_moment(row.shift.starts_at)}",
            due=lambda row: row.shift.starts_at - 3 * DAY,
            url=lambda row: reverse("consult:people", args=[row.pk]),
            pressing=True,
        )

    def not_booked(self) -> Kind:
        """Sessions close at hand whose team is not complete: the group does not know yet whether anybody comes."""
        near = (self.now, self.now + LAST_CALL)
        sessions = Session.objects.filter(
            request__status=SupportRequest.Status.PLANNED, shift__cancelled_at=None, shift__starts_at__range=near
        )
        return Kind(
            slug="team",
            title=_("もうすぐなのに、サポーターがそろっていない出張サポート"),
            rows=sessions.select_related("shift", "request"),
            moment="shift__starts_at",
            says=_("一番近いものは %(moment)s です。引き受けた人だけで行うか、決め直してください。"),
            page="support_requests:list",
            query="?status=planned",
            about=lambda row: f"{row.shift.title} {say_moment(row.shift.starts_at)}",
            due=lambda row: row.shift.starts_at - DAY,
            url=lambda row: _request_page(row.request),
            pressing=True,
        )

    def people_to_tell(self) -> Kind:
        return Kind(
            slug="message",
            title=_("電話で伝えること・届いたか分からない連絡"),
            rows=Message.objects.needs_a_person().select_related("recipient"),
            moment="created_at",
            says=_("一番古いものは %(moment)s からです。"),
            page="messages:list",
            about=lambda row: f"{row.recipient.name} {row.recipient.phone}",
            detail=lambda row: row.title,
            due=lambda row: row.created_at + dt.timedelta(hours=4),
            url=lambda _row: reverse("messages:list"),
            pressing=True,
            press=lambda row: Press(
                _("電話しました") if row.channel == Channel.PHONE else _("伝えました"),
                reverse("messages:settle", args=[row.pk]),
                "answer",
                "told",
            ),
        )

    def to_confirm(self) -> Kind:
        """Groups without an e-mail address, and those that have not opened the link that was sent to them."""
        by_phone = (
            Q(group__contact__email="")
            | Q(group__contact__preferred=Channel.PHONE)
            | Q(received_at__lt=self.now - PATIENCE)
        )
        requests = SupportRequest.objects.filter(by_phone, status=SupportRequest.Status.RECEIVED)
        return Kind(
            slug="confirm",
            title=_("電話で確認する申込み"),
            rows=requests.select_related("group__contact"),
            moment="received_at",
            says=_("一番古いものは %(moment)s に受け付けました。"),
            page="support_requests:list",
            query="?status=received",
            detail=lambda row: f"{row.group.contact.name} {row.group.contact.phone}",
            due=lambda row: row.received_at + PATIENCE,
            url=_request_page,
            pressing=True,
            press=lambda row: Press(_("電話で確認できた"), reverse("support_requests:confirm_for", args=[row.pk])),
        )

    def inquiries(self) -> Kind:
        """What groups wrote by their private links."""
        return Kind(
            slug="inquiry",
            title=_("団体からの連絡"),
            rows=Inquiry.objects.waiting().select_related("request__group"),
            moment="asked_at",
            says=_("一番古いものは %(moment)s に届きました。"),
            page="support_requests:list",
            query=f"?status={RequestFilter.INQUIRIES}",
            about=lambda row: str(row.request),
            detail=lambda row: row.text[:100],
            due=lambda row: row.asked_at + DAY,
            url=lambda row: _request_page(row.request),
            pressing=True,
        )

    def lapsing(self) -> Kind:
        """A call now may save the day that asking somebody else would cost."""
        return Kind(
            slug="offer",
            title=_("返事の期限がもうすぐ切れるお願い"),
            rows=Assignment.objects.open(self.now)
            .filter(answer_by__lte=self.now + LAPSING)
            .select_related("shift", "supporter__contact"),
            moment="answer_by",
            says=_("一番早い期限は %(moment)s です。過ぎると、次の人に自動でお願いします。"),
            page="office",
            about=lambda row: f"{row.supporter.name} {row.supporter.contact.phone}",
            detail=lambda row: f"{row.shift.title} {say_moment(row.shift.starts_at)}",
            due=lambda row: row.answer_by,
            url=lambda row: _shift_page(row.shift),
        )

    def ready_plans(self) -> Kind:
        served = PlannedTask.objects.filter(plan=OuterRef("pk"), starts_at__isnull=False)
        return Kind(
            slug="plan",
            title=_("承認を待っている計画"),
            rows=Plan.objects.filter(Exists(served), status=Plan.Status.READY),
            moment="created_at",
            says=_("一番古いものは %(moment)s にできました。日がたつと、使えない部分が増えます。"),
            page="support_requests:plans",
            due=lambda row: row.created_at + DAY,
            url=lambda row: reverse("support_requests:plan", args=[row.pk]),
            pressing=True,
        )

    def open_requests(self) -> Kind:
        """Those that could be planned, and that no plan ready to be approved would serve."""
        in_plan = PlannedTask.objects.filter(
            request=OuterRef("pk"), plan__status=Plan.Status.READY, starts_at__isnull=False
        )
        requests = SupportRequest.objects.open().filter(Exists(self._times_to_come())).exclude(Exists(in_plan))
        return Kind(
            slug="request",
            title=_("日時とサポーターが決まっていない申込み"),
            rows=requests.select_related("group"),
            moment="received_at",
            says=_("一番古いものは %(moment)s に受け付けました。"),
            page="support_requests:plans",
            due=lambda row: row.received_at + 3 * DAY,
            url=_request_page,
        )

    def times_gone(self) -> Kind:
        """Requests that cannot go on by themselves: somebody has to talk to the group."""
        open_too_long = Q(status=SupportRequest.Status.CONFIRMED) & ~Q(Exists(self._times_to_come()))
        planned = Session.objects.filter(request__status=SupportRequest.Status.PLANNED, shift__starts_at__lte=self.now)
        team_not_found = Q(pk__in=planned.values("request"))
        return Kind(
            slug="gone",
            title=_("希望の日時が過ぎてしまった申込み"),
            rows=SupportRequest.objects.filter(open_too_long | team_not_found).select_related("group__contact"),
            moment="received_at",
            says=_("一番古いものは %(moment)s に受け付けました。団体に連絡してください。"),
            page="support_requests:list",
            detail=lambda row: f"{row.group.contact.name} {row.group.contact.phone}",
            due=lambda row: row.received_at + DAY,
            url=_request_page,
            pressing=True,
        )

    def _times_to_come(self) -> QuerySet[PreferredTime]:
        return PreferredTime.objects.filter(request=OuterRef("pk"), starts_at__gt=self.now)

    def missing_reports(self) -> Kind:
        sessions = Session.objects.filter(
            shift__ends_at__lte=self.now,
            shift__cancelled_at=None,
            request__status=SupportRequest.Status.BOOKED,
            report=None,
        )
        return Kind(
            slug="report",
            title=_("報告がまだの活動"),
            rows=sessions.select_related("shift"),
            moment="shift__starts_at",
            says=_("一番古いものは %(moment)s の活動です。"),
            page="support_requests:list",
            query="?status=booked",
            about=lambda row: f"{row.shift.title} {say_moment(row.shift.starts_at)}",
            due=lambda row: row.shift.ends_at + 3 * DAY,
            url=lambda row: reverse("support_requests:report", args=[row.pk]),
        )

    # --- People ----------------------------------------------------------------------------------------
    def known_already(self) -> Kind:
        """Applications of people whom we may know: one person is registered once."""
        return Kind(
            slug="known",
            title=_("もう登録している人かもしれない申込み"),
            rows=known_already(Supporter.objects.filter(status=Supporter.Status.APPLIED)),
            moment="applied_at",
            says=_("一番古いものは %(moment)s に届きました。同じ人かどうかを決めてください。"),
            page="supporters:people",
            query="?status=applied",
            due=lambda row: row.applied_at + 2 * DAY,
            url=_person_page,
        )

    def applied(self) -> Kind:
        return Kind(
            slug="applied",
            title=_("サポーターの申込み"),
            rows=Supporter.objects.filter(status=Supporter.Status.APPLIED),
            moment="applied_at",
            says=_("一番古いものは %(moment)s に届きました。"),
            page="supporters:people",
            query="?status=applied",
            due=lambda row: row.applied_at + 3 * DAY,
            url=_person_page,
            press=lambda row: Press(
                _("登録して研修へ進む"), reverse("supporters:move", args=[row.pk]), "verb", "accept"
            ),
        )

    def trained(self) -> Kind:
        return Kind(
            slug="trained",
            title=_("研修が終わり、活動を始められるサポーター"),
            rows=Supporter.objects.filter(status=Supporter.Status.TRAINING).trained(),
            moment="applied_at",
            says=_("「活動中」にすると、お願いを送れるようになります。"),
            page="supporters:people",
            query="?status=training",
            due=lambda row: row.applied_at + 7 * DAY,
            url=_person_page,
            press=lambda row: Press(_("活動中にする"), reverse("supporters:move", args=[row.pk]), "verb", "activate"),
        )

    def without_consent(self) -> Kind:
        valid = Consent.objects.filter(supporter=OuterRef("pk"), given_at__isnull=False, revoked_at=None)
        status = Supporter.Status
        minors = Supporter.objects.filter(
            status__in=(status.APPLIED, status.TRAINING, status.ACTIVE), birth_date__gt=self._born(self.today)
        )
        return Kind(
            slug="consent",
            title=_("保護者の同意がない18歳未満のサポーター"),
            rows=minors.exclude(Exists(valid)),
            moment="applied_at",
            says=_("同意があるまで、活動をお願いできません。"),
            page="supporters:people",
            due=lambda row: row.applied_at + 7 * DAY,
            url=_person_page,
        )

    def coming_of_age(self) -> Kind:
        """Soon grown up: the guardian's consent ends, and with it the rules for minors."""
        last = self.today + dt.timedelta(days=self.limits.consent_notice_days)
        people = Supporter.objects.filter(
            status__in=(Supporter.Status.ACTIVE, Supporter.Status.PAUSED),
            birth_date__gt=self._born(self.today),
            birth_date__lte=self._born(last),
        )
        return Kind(
            slug="birthday",
            title=_("もうすぐ18歳になるサポーター"),
            rows=people,
            moment="applied_at",
            says=_("保護者の同意が終わります。これからも続けるか、本人に聞いてください。"),
            page="supporters:people",
            detail=lambda row: say_day(row.comes_of_age_on(self.limits.adult_age)),
            due=lambda row: start_of(row.comes_of_age_on(self.limits.adult_age)),
            url=_person_page,
        )

    def _born(self, day: dt.date) -> dt.date:
        """The latest birth date of those who are of age on ``day``."""
        return day - relativedelta(years=self.limits.adult_age)

    def silent(self) -> Kind:
        """Active people of whom nothing was heard for long: no duty, no answer, no application."""
        since = self.now - dt.timedelta(days=self.limits.silent_days or 36500)
        status = Assignment.Status
        answered = (*Assignment.HELD, status.APPLIED, status.DECLINED, status.RELEASED, status.NOT_CHOSEN)
        heard = Assignment.objects.filter(supporter=OuterRef("pk"), status__in=answered)
        last = heard.order_by("-shift__starts_at").values("shift__starts_at")[:1]
        # Most people are left out without a look at when it was.
        people = Supporter.objects.active().filter(applied_at__lt=since)
        people = people.exclude(Exists(heard.filter(shift__starts_at__gte=since)))
        return Kind(
            slug="silent",
            title=_("しばらく活動も返事もないサポーター"),
            rows=people.annotate(heard=Coalesce(Subquery(last), F("applied_at"))),
            moment="heard",
            says=_("一番古いものは %(moment)s からです。お変わりないか、聞いてみてください。"),
            page="supporters:people",
            query="?status=active",
            detail=lambda row: _("%(day)sから") % {"day": say_day(row.heard)},
            due=lambda row: row.heard + dt.timedelta(days=self.limits.silent_days) + 14 * DAY,
            url=_person_page,
        )

    # --- Figures ---------------------------------------------------------------------------------------
    def corrections_to_decide(self) -> Kind:
        return Kind(
            slug="correction",
            title=_("締めた月の、確認待ちの訂正"),
            rows=ProposedCorrection.objects.waiting(),
            moment="made_at",
            says=_("一番古いものは %(moment)s にできました。訂正するかどうかを決めてください。"),
            page="kpi:proposals",
            due=lambda row: row.made_at + 7 * DAY,
            url=lambda _row: reverse("kpi:proposals"),
        )
