"""The kinds of work in the office: how the rows of each read, and by when they want to be done."""

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from consult.models import Opening, ProposedCorrection
from mdeji.looking import PATIENCE
from notifications.models import Channel, Message
from programme.fiscal import start_of
from programme.models import Limits
from programme.wording import say_day, say_moment
from support_requests.forms import RequestFilter
from support_requests.models import Inquiry, Plan, PlannedTask, Session, SupportRequest
from support_requests.planning.saying import say_why
from supporters.models import Assignment, Shift, Supporter

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
    """One kind of work: how each row reads, and by when it wants to be done.

    The rows that wait mdeji/looking.py finds; ``read`` reads those that are shown, since when they wait as ``waits``.
    ``due`` is how long after that the work is to be done, or tells it from a row.
    """

    slug: str
    title: str
    read: "QuerySet[Any]"
    says: str
    page: str
    due: dt.timedelta | Callable[[Any], dt.datetime]
    url: Callable[[Any], str]
    about: Callable[[Any], str] = str
    detail: Callable[[Any], str] = lambda _row: ""
    key: str = "pk"
    """by which one of them is put off"""
    query: str = ""
    pressing: bool = False
    press: Callable[[Any], Press] | None = None

    def due_of(self, row: Any) -> dt.datetime:
        """By when the work of one row wants to be done."""
        if callable(self.due):
            return self.due(row)
        since: dt.datetime = row.waits
        return since + self.due


def _shift_page(row: Any) -> str:
    return reverse("supporters:shift", args=[row.pk])


def _request_page(row: Any) -> str:
    return reverse("support_requests:detail", args=[row.pk])


def _person_page(row: Any) -> str:
    return reverse("supporters:person", args=[row.pk])


class Kinds:
    """Each method is one kind of work; their order in ``all`` is that of the list by kinds."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.people = Supporter.objects.all()  # the same for several kinds: these are read together

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
        yield self.shut_sessions()
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
            read=PlannedTask.objects.select_related("shift__venue"),
            says=_("一番近いものは %(moment)s です。"),
            page="support_requests:given_up",
            about=lambda row: f"{row.shift.title} {say_moment(row.shift.starts_at)}",
            detail=say_why,
            due=-5 * DAY,
            url=lambda row: _shift_page(row.shift),
            key="shift_id",
            pressing=True,
        )

    def missing_people(self) -> Kind:
        return Kind(
            slug="people",
            title=_("人がたりず、だれにもお願いしていない活動"),
            read=Shift.objects.select_related("venue"),
            says=_("一番近いものは %(moment)s です。計画して、人をさがしてください。"),
            page="support_requests:plans",
            about=lambda row: f"{row.title} {say_moment(row.starts_at)}",
            due=-5 * DAY,
            url=_shift_page,
            pressing=True,
        )

    def desks_without_people(self) -> Kind:
        """Those who are asked may still say no: until somebody comes, the day is at risk."""
        return Kind(
            slug="desk",
            title=_("相談所で、担当が足りない日"),
            read=Opening.objects.select_related("desk", "shift"),
            says=_("一番近いものは %(moment)s です。人をさがしてください。"),
            page="consult:urgent",
            about=lambda row: f"{row.desk.title} {say_moment(row.shift.starts_at)}",
            due=-3 * DAY,
            url=lambda row: reverse("consult:people", args=[row.pk]),
            pressing=True,
        )

    def not_booked(self) -> Kind:
        """Sessions close at hand whose team is not complete: the group does not know yet whether anybody comes."""
        return Kind(
            slug="team",
            title=_("もうすぐなのに、サポーターがそろっていない出張サポート"),
            read=Session.objects.select_related("shift", "request"),
            says=_("一番近いものは %(moment)s です。引き受けた人だけで行うか、決め直してください。"),
            page="support_requests:list",
            query="?status=planned",
            about=lambda row: f"{row.shift.title} {say_moment(row.shift.starts_at)}",
            due=-DAY,
            url=lambda row: _request_page(row.request),
            pressing=True,
        )

    def people_to_tell(self) -> Kind:
        return Kind(
            slug="message",
            title=_("電話で伝えること・届いたか分からない連絡"),
            read=Message.objects.select_related("recipient"),
            says=_("一番古いものは %(moment)s からです。"),
            page="messages:list",
            about=lambda row: f"{row.recipient.name} {row.recipient.phone}",
            detail=lambda row: row.title,
            due=dt.timedelta(hours=4),
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
        return Kind(
            slug="confirm",
            title=_("電話で確認する申込み"),
            read=SupportRequest.objects.select_related("group__contact"),
            says=_("一番古いものは %(moment)s に受け付けました。"),
            page="support_requests:list",
            query="?status=received",
            detail=lambda row: f"{row.group.contact.name} {row.group.contact.phone}",
            due=PATIENCE,
            url=_request_page,
            pressing=True,
            press=lambda row: Press(_("電話で確認できた"), reverse("support_requests:confirm_for", args=[row.pk])),
        )

    def inquiries(self) -> Kind:
        """What groups wrote by their private links."""
        return Kind(
            slug="inquiry",
            title=_("団体からの連絡"),
            read=Inquiry.objects.select_related("request__group"),
            says=_("一番古いものは %(moment)s に届きました。"),
            page="support_requests:list",
            query=f"?status={RequestFilter.INQUIRIES}",
            about=lambda row: str(row.request),
            detail=lambda row: row.text[:100],
            due=DAY,
            url=lambda row: _request_page(row.request),
            pressing=True,
        )

    def lapsing(self) -> Kind:
        """A call now may save the day that asking somebody else would cost."""
        return Kind(
            slug="offer",
            title=_("返事の期限がもうすぐ切れるお願い"),
            read=Assignment.objects.select_related("shift", "supporter__contact"),
            says=_("一番早い期限は %(moment)s です。過ぎると、次の人に自動でお願いします。"),
            page="office",
            about=lambda row: f"{row.supporter.name} {row.supporter.contact.phone}",
            detail=lambda row: f"{row.shift.title} {say_moment(row.shift.starts_at)}",
            due=0 * DAY,
            url=lambda row: _shift_page(row.shift),
        )

    def ready_plans(self) -> Kind:
        return Kind(
            slug="plan",
            title=_("承認を待っている計画"),
            read=Plan.objects.all(),
            says=_("一番古いものは %(moment)s にできました。日がたつと、使えない部分が増えます。"),
            page="support_requests:plans",
            due=DAY,
            url=lambda row: reverse("support_requests:plan", args=[row.pk]),
            pressing=True,
        )

    def open_requests(self) -> Kind:
        """Those that could be planned, and that no plan ready to be approved would serve."""
        return Kind(
            slug="request",
            title=_("日時とサポーターが決まっていない申込み"),
            read=SupportRequest.objects.select_related("group"),
            says=_("一番古いものは %(moment)s に受け付けました。"),
            page="support_requests:plans",
            due=3 * DAY,
            url=_request_page,
        )

    def times_gone(self) -> Kind:
        """Requests that cannot go on by themselves: somebody has to talk to the group."""
        return Kind(
            slug="gone",
            title=_("希望の日時が過ぎてしまった申込み"),
            read=SupportRequest.objects.select_related("group__contact"),
            says=_("一番古いものは %(moment)s に受け付けました。団体に連絡してください。"),
            page="support_requests:list",
            detail=lambda row: f"{row.group.contact.name} {row.group.contact.phone}",
            due=DAY,
            url=_request_page,
            pressing=True,
        )

    def shut_sessions(self) -> Kind:
        """A hall's hours have changed since: what was settled stays until somebody decides."""
        return Kind(
            slug="shut",
            title=_("会場が開いている時間の外になった活動"),
            read=Session.objects.select_related("shift", "request"),
            says=_("一番近いものは %(moment)s です。会場に確かめて、使えないときは日時を変えてください。"),
            page="support_requests:list",
            query="?status=booked",
            about=lambda row: f"{row.shift.title} {say_moment(row.shift.starts_at)}",
            due=-5 * DAY,
            url=lambda row: _request_page(row.request),
            pressing=True,
        )

    def missing_reports(self) -> Kind:
        return Kind(
            slug="report",
            title=_("報告がまだの活動"),
            read=Session.objects.select_related("shift"),
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
            read=self.people,
            says=_("一番古いものは %(moment)s に届きました。同じ人かどうかを決めてください。"),
            page="supporters:people",
            query="?status=applied",
            due=2 * DAY,
            url=_person_page,
        )

    def applied(self) -> Kind:
        return Kind(
            slug="applied",
            title=_("サポーターの申込み"),
            read=self.people,
            says=_("一番古いものは %(moment)s に届きました。"),
            page="supporters:people",
            query="?status=applied",
            due=3 * DAY,
            url=_person_page,
            press=lambda row: Press(
                _("登録して研修へ進む"), reverse("supporters:move", args=[row.pk]), "verb", "accept"
            ),
        )

    def trained(self) -> Kind:
        return Kind(
            slug="trained",
            title=_("研修が終わり、活動を始められるサポーター"),
            read=self.people,
            says=_("「活動中」にすると、お願いを送れるようになります。"),
            page="supporters:people",
            query="?status=training",
            due=7 * DAY,
            url=_person_page,
            press=lambda row: Press(_("活動中にする"), reverse("supporters:move", args=[row.pk]), "verb", "activate"),
        )

    def without_consent(self) -> Kind:
        return Kind(
            slug="consent",
            title=_("保護者の同意がない18歳未満のサポーター"),
            read=self.people,
            says=_("同意があるまで、活動をお願いできません。"),
            page="supporters:people",
            due=7 * DAY,
            url=_person_page,
        )

    def coming_of_age(self) -> Kind:
        """Soon grown up: the guardian's consent ends, and with it the rules for minors."""
        return Kind(
            slug="birthday",
            title=_("もうすぐ18歳になるサポーター"),
            read=self.people,
            says=_("保護者の同意が終わります。これからも続けるか、本人に聞いてください。"),
            page="supporters:people",
            detail=lambda row: say_day(row.comes_of_age_on(self.limits.adult_age)),
            due=lambda row: start_of(row.comes_of_age_on(self.limits.adult_age)),
            url=_person_page,
        )

    def silent(self) -> Kind:
        """Active people of whom nothing was heard for long: no duty, no answer, no application."""
        return Kind(
            slug="silent",
            title=_("しばらく活動も返事もないサポーター"),
            read=self.people,
            says=_("一番古いものは %(moment)s からです。お変わりないか、聞いてみてください。"),
            page="supporters:people",
            query="?status=active",
            detail=lambda row: _("%(day)sから") % {"day": say_day(row.waits)},
            due=dt.timedelta(days=self.limits.silent_days) + 14 * DAY,
            url=_person_page,
        )

    # --- Figures ---------------------------------------------------------------------------------------
    def corrections_to_decide(self) -> Kind:
        return Kind(
            slug="correction",
            title=_("締めた月の、確認待ちの訂正"),
            read=ProposedCorrection.objects.all(),
            says=_("一番古いものは %(moment)s にできました。訂正するかどうかを決めてください。"),
            page="kpi:proposals",
            due=7 * DAY,
            url=lambda _row: reverse("kpi:proposals"),
        )
