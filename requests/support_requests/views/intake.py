"""The group's form in steps, and the page after it."""

import datetime as dt
import uuid
from typing import ClassVar

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from notifications import links
from programme.errors import Refused
from programme.models import District, Level, Limits
from programme.postcode import place_of, read_postcode
from programme.qr import qr_code
from programme.steps import Step, StepsView, forget, register, unfinished
from programme.tries import Tries
from support_requests.contacts import unanswered
from support_requests.errors import AskedEnough, TooManyFromHere, TooManyInquiries, TooManyThisMonth
from support_requests.fields import OWN_PLACE, topics_in_scope
from support_requests.forms import IntakeForm
from support_requests.forms.wishes import reach_choices
from support_requests.messages import STATUS, asked_by
from support_requests.models import Group, SupportRequest
from support_requests.services import receive
from support_requests.views.links import opened_by
from supporters.models import SpecialNeed

KIND = "request"
# Within an hour from one address of the network; a hall's visitors share one.
TRIES = Tries("request", at_most=20, within=60 * 60)


@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """What a session is, and the way into the form; who has begun one goes on with it, or has it deleted."""
    if request.method == "POST":
        forget(request.session, KIND)
        messages.success(request, _("とちゅうまで入力した内容を消しました。"))
        return redirect("support_requests:new")
    begun = unfinished(request.session, KIND)
    first = IntakeView.steps[0].slug
    context = {
        "minimum": Limits.current().minimum_group_size,
        "start_url": reverse("support_requests:step", args=[uuid.uuid4(), first]),
        "resume_url": begun and reverse("support_requests:step", args=begun),
    }
    return render(request, "support_requests/new.html", context)


class IntakeView(StepsView):
    """Ask for a session, without an account."""

    kind = KIND
    url_name = "support_requests:step"
    heading = gettext_lazy("出張サポートのお申し込み")
    send_label = gettext_lazy("この内容で送る")
    template_name = "support_requests/step.html"
    steps: ClassVar[tuple[Step, ...]] = (
        Step(
            "group",
            gettext_lazy("どのような集まりですか"),
            ("group_name", "kind", "district", "participants", "homepage"),
            body="support_requests/parts/group_fields.html",
        ),
        Step(
            "place",
            gettext_lazy("どこで学びますか"),
            ("venue", "own_name", "own_postcode", "own_address", "own_district"),
            body="support_requests/parts/place_fields.html",
        ),
        Step("topics", gettext_lazy("何を学びたいですか"), ("topics",)),
        Step("level", gettext_lazy("どこから始めますか"), ("level",)),
        Step(
            "helps",
            gettext_lazy("知らせておきたいことはありますか"),
            ("devices", "needs", "wheelchair", "note"),
            lead=gettext_lazy("ないときは、そのまま「次へ」を押してください。"),
        ),
        Step(
            "days",
            gettext_lazy("いつがよいですか"),
            ("slots",),
            lead=gettext_lazy("都合のよい日を、3つまで選んでください。多いほど決まりやすくなります。"),
        ),
        Step(
            "times",
            gettext_lazy("何時からがよいですか"),
            ("time_1", "time_2", "time_3", "best", "minutes", "months"),
            body="support_requests/parts/time_fields.html",
        ),
        Step(
            "contact",
            gettext_lazy("どなたに連絡すればよいですか"),
            ("leader", "email", "phone", "may_be_rung", "preferred"),
            lead=gettext_lazy("メールアドレスと電話番号は、どちらか1つでもかまいません。"),
        ),
    )

    taken: frozenset[dt.datetime] = frozenset()

    def make_form(self, data: QueryDict) -> IntakeForm:
        data["form_id"] = self.draft.form_id
        return IntakeForm(data, taken=self.taken)

    def post(self, request: HttpRequest, draft: uuid.UUID, step: str) -> HttpResponse:
        if step == "days" and self._other_days() and "times" in self.draft.passed:
            self.draft.passed.remove("times")  # their times are asked
        if step == "place" and (address := self._address_of_postcode()):
            sent = request.POST.copy()
            sent["own_address"] = address
            self.draft.keep(self._find(step), sent, passed=False)
            messages.info(request, _("郵便番号から住所を入れました。つづき(番地など)を入力してください。"))
            return self._to(step)
        return super().post(request, draft, step)

    def _other_days(self) -> bool:
        return self.draft.data().getlist("slots") != self.request.POST.getlist("slots")

    def _address_of_postcode(self) -> str:
        """For a place of their own whose address was left empty: the beginning of it; "" for all others."""
        sent = self.request.POST
        if sent.get("venue") != OWN_PLACE or sent.get("own_address") or "back" in sent:
            return ""
        return place_of(read_postcode(sent.get("own_postcode", "")) or "")

    def send(self, form: IntakeForm) -> str:  # type: ignore[override]  # the form that make_form gives
        self.count_try()
        asked, is_new = receive(form.wish())
        if not is_new:
            messages.info(
                self.request, _("このお申し込みは、もう受け取っています。変更や追加は、事務局にご連絡ください。")
            )
        return reverse("support_requests:thanks", args=[links.token(STATUS, asked.pk)])

    def concerned(self, refusal: Refused) -> str:
        if isinstance(refusal, TooManyThisMonth):
            return "slots"
        if isinstance(refusal, (AskedEnough, TooManyInquiries)):
            return "email" if self.draft.data().get("email") else "phone"
        return super().concerned(refusal)

    def count_try(self) -> None:
        """Raises TooManyFromHere."""
        if TRIES.are_over(self.request):
            raise TooManyFromHere
        TRIES.count(self.request)


register(KIND, lambda _key: IntakeView)


@opened_by(STATUS)
def thanks(request: HttpRequest, asked: SupportRequest, token: str) -> HttpResponse:
    """What happens next."""
    context = {"asked": asked, "token": token, "channel": asked_by(asked), "unanswered": unanswered(asked)}
    return render(request, "support_requests/thanks.html", context)


def paper(request: HttpRequest) -> HttpResponse:
    """The same questions on one sheet of A4 in large type, to fill in by hand and to hand in."""
    form_url = links.absolute(reverse("support_requests:new"))
    context = {
        "kinds": Group.Kind.labels,
        "districts": District.objects.filter(active=True),
        "topics": topics_in_scope(),
        "levels": Level.objects.filter(active=True).order_by("rank"),
        "needs": SpecialNeed.labels,
        "wishes": range(1, 4),
        "ways": [label for way, label in reach_choices() if way],
        "limits": Limits.current(),
        "form_url": form_url,
        "code": qr_code(form_url, title=_("ウェブで申し込むためのQRコード")),
    }
    return render(request, "support_requests/paper.html", context)
