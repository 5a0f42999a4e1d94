"""The application to become a supporter, in steps."""

import uuid
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from programme import steps
from programme.access import signed_in
from programme.postcode import place_of, read_postcode
from programme.steps import Step, StepsView, unfinished
from supporters.errors import AlreadyRegistered
from supporters.forms import RegistrationForm
from supporters.models import Supporter
from supporters.services import apply

KIND = "registration"


@signed_in
def register(request: HttpRequest) -> HttpResponse:
    """Leads to the first page, or to where the person stopped."""
    begun = unfinished(request.session, KIND)
    return redirect("supporters:register_step", *(begun or (uuid.uuid4(), RegistrationView.steps[0].slug)))


def with_address_of_postcode(sent: QueryDict) -> tuple[QueryDict, bool]:
    """What was sent, with the beginning of the address where only a postcode was typed; and whether it was."""
    place = "" if sent.get("address") else place_of(read_postcode(sent.get("postcode", "")) or "")
    if place:
        sent = sent.copy()
        sent["address"] = place
    return sent, bool(place)


def _is_minor(form: Any) -> bool:
    return bool(form.is_minor(form.cleaned_data))


class RegistrationView(StepsView):
    """Who has applied before sees the own page instead."""

    kind = KIND
    url_name = "supporters:register_step"
    heading = gettext_lazy("サポーターの申込み")
    send_label = gettext_lazy("申し込む")
    template_name = "supporters/register_step.html"
    steps = (
        Step(
            "you",
            gettext_lazy("お名前と生年月日を教えてください"),
            ("name", "kana", "birth_date"),
            lead=gettext_lazy("資格はいりません。申し込むと、事務局から研修のご案内をします。"),
        ),
        Step(
            "guardian",
            gettext_lazy("保護者の方の連絡先を教えてください"),
            RegistrationForm.GUARDIAN,
            lead=gettext_lazy("18歳未満の方が活動するには、保護者の方の同意が必要です。"),
            required=("guardian_name",),
            asked=_is_minor,
        ),
        Step("about", gettext_lazy("あなたのことを教えてください"), ("category", "phone", "brings")),
        Step(
            "where",
            gettext_lazy("どこで活動できますか"),
            ("home_district", "postcode", "address", "travel_by", "areas"),
        ),
        Step("skills", gettext_lazy("何を教えられますか"), ("skills",)),
        Step("times", gettext_lazy("いつ活動できますか"), ("presets", "week")),
    )

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if Supporter.objects.filter(user=request.user).exists():  # type: ignore[misc]  # signed in
            return redirect("supporters:home")
        return super().dispatch(request, *args, **kwargs)

    def post(self, request: HttpRequest, draft: uuid.UUID, step: str) -> HttpResponse:
        sent, filled = with_address_of_postcode(request.POST)
        if step == "where" and "back" not in sent and filled:
            self.draft.keep(self._find(step), sent, passed=False)
            messages.info(request, _("郵便番号から住所を入れました。つづき(番地など)を入力してください。"))
            return self._to(step)
        return super().post(request, draft, step)

    def make_form(self, data: QueryDict) -> RegistrationForm:
        user: Any = self.request.user
        return RegistrationForm(data, account=user, initial={"name": user.name})

    def send(self, form: RegistrationForm) -> str:  # type: ignore[override]  # the form that make_form gives
        user: Any = self.request.user
        try:
            apply(user, form.application())
        except AlreadyRegistered as refusal:  # sent twice
            messages.info(self.request, str(refusal))
        else:
            messages.success(self.request, _("申込みを受け付けました。ありがとうございます。"))
        return reverse("supporters:home")


steps.register(KIND, lambda _key: RegistrationView)
