"""Paper: a day sheet to print, and the page on which it is entered afterwards."""

from collections import Counter

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from consult.codes import Codes
from consult.errors import ReasonMissing
from consult.forms.paper import UNRECORDED, SheetForm, columns
from consult.models import Consultation, Opening
from consult.models.paper import DaySheet
from consult.paper import Reckoning, SheetSaysNothing, enter, reckon
from notifications import links
from programme.access import signed_in
from programme.errors import Refused
from programme.models import Topic
from programme.qr import qr_code


def _mine(request: HttpRequest, pk: int) -> Opening:
    rows = Opening.objects.visible_to(request.user).select_related("desk__venue__district", "shift")
    return get_object_or_404(rows, pk=pk)


@signed_in
def sheet(request: HttpRequest, pk: int) -> HttpResponse:
    """The sheet, one side of A4, with a QR code that opens the page on which it is entered."""
    opening, codes = _mine(request, pk), Codes.load()
    address = links.absolute(reverse("consult:paper", args=[opening.pk]))
    context = {
        "opening": opening,
        "topics": [topic for topic in codes.topics.values() if topic.active],
        "outcomes": [outcome for outcome in columns(codes) if outcome.pk != UNRECORDED],
        "code": qr_code(address, title=_("この紙を入力するページのQRコード")),
    }
    return render(request, "consult/sheet.html", context)


@signed_in
def paper(request: HttpRequest, pk: int) -> HttpResponse:
    """Enter the sheet's numbers: first what they would do (``preview``), then do it (``save``)."""
    opening = _mine(request, pk)
    if opening.date > timezone.localdate():
        return render(request, "consult/log_early.html", {"opening": opening})
    codes = Codes.load()
    found = DaySheet.objects.filter(opening=opening).first()
    taps = opening.consultations.counted().filter(source=Consultation.Source.TAP)
    tapped = Counter(taps.values_list("topic", flat=True))
    form = SheetForm(request.POST if request.method == "POST" else None, codes=codes, tapped=tapped, sheet=found)
    plan: Reckoning | None = None
    if request.method == "POST" and form.is_valid():
        try:
            if "save" in request.POST:
                reason = form.cleaned_data.get("reason", "")
                enter(opening, form.tally, includes_taps=form.includes_taps, by=request.user, reason=reason)
                messages.success(request, _saved(opening))
                return redirect("consult:paper", opening.pk)
            if not form.tally and found is None:
                raise SheetSaysNothing
            plan = reckon(opening, form.tally, includes_taps=form.includes_taps)
        except ReasonMissing as refusal:
            form.add_error("reason", str(refusal))
        except Refused as refusal:
            form.add_error(None, str(refusal))
    context = {
        "opening": opening,
        "form": form,
        "outcomes": columns(codes),
        "tapped": tapped.total(),
        "plan": plan,
        "will_add": _by_topic(plan.add if plan else {}, codes.topics),
        "will_take_back": _by_topic(plan.take_back if plan else {}, codes.topics),
        "entries": found.entries.select_related("by", "tablet") if found else [],
        "count": opening.consultations.counted().count(),
    }
    return render(request, "consult/paper.html", context)


def _by_topic(cells: dict[tuple[str, str], int], topics: dict[str, Topic]) -> list[tuple[Topic, int]]:
    counts: Counter[str] = Counter()
    for (topic, _outcome), number in cells.items():
        counts[topic] += number
    return [(topics[code], number) for code, number in sorted(counts.items())]


def _saved(opening: Opening) -> str:
    return _("日計表を保存しました。この日の相談は、合わせて%(count)s件です。") % {
        "count": opening.consultations.counted().count()
    }
