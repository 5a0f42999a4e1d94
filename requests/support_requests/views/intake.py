"""The group's form in steps, and the page after it."""

import uuid

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from notifications import links
from programme.models import Limits
from programme.steps import CHECK, Step, StepsView, forget, unfinished
from support_requests.forms import IntakeForm
from support_requests.messages import STATUS
from support_requests.models import SupportRequest
from support_requests.services import receive
from support_requests.views.links import opened_by

KIND = "request"


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
        "resume_url": begun and reverse("support_requests:step", args=[begun, CHECK]),
    }
    return render(request, "support_requests/new.html", context)


class IntakeView(StepsView):
    """Ask for a session, without an account."""

    kind = KIND
    url_name = "support_requests:step"
    heading = gettext_lazy("出張サポートのお申し込み")
    send_label = gettext_lazy("この内容で送る")
    template_name = "support_requests/step.html"
    steps = (
        Step(
            "group",
            gettext_lazy("どのような集まりですか"),
            ("group_name", "kind", "district", "participants", "homepage"),
            body="support_requests/parts/group_fields.html",
        ),
        Step(
            "place",
            gettext_lazy("どこで学びますか"),
            ("venue", "own_name", "own_address", "own_district"),
            body="support_requests/parts/place_fields.html",
        ),
        Step(
            "times",
            gettext_lazy("いつがよいですか"),
            ("start_1", "start_2", "start_3", "minutes"),
            lead=gettext_lazy("都合のよい日時を、3つまで選んでください。多いほど決まりやすくなります。"),
        ),
        Step("topics", gettext_lazy("何を学びたいですか"), ("topics",)),
        Step("level", gettext_lazy("どこから始めますか"), ("level",)),
        Step(
            "helps",
            gettext_lazy("知らせておきたいことはありますか"),
            ("devices", "needs", "note"),
            lead=gettext_lazy("ないときは、そのまま「次へ」を押してください。"),
        ),
        Step(
            "contact",
            gettext_lazy("どなたに連絡すればよいですか"),
            ("leader", "email", "phone"),
            lead=gettext_lazy("メールアドレスと電話番号は、どちらか1つでもかまいません。"),
        ),
    )

    def make_form(self, data: QueryDict | None) -> IntakeForm:
        if data is not None:
            data["form_id"] = self.draft.form_id
        return IntakeForm(data)

    def send(self, form: IntakeForm) -> str:  # type: ignore[override]  # the form that make_form gives
        asked, is_new = receive(form.wish())
        if not is_new:
            messages.info(
                self.request, _("このお申し込みは、もう受け取っています。変更や追加は、事務局にご連絡ください。")
            )
        return reverse("support_requests:thanks", args=[links.token(STATUS, asked.pk)])


@opened_by(STATUS)
def thanks(request: HttpRequest, asked: SupportRequest, token: str) -> HttpResponse:
    """What happens next."""
    return render(request, "support_requests/thanks.html", {"asked": asked, "token": token})
