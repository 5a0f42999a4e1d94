"""Payments of honoraria for the office, and what each person sees of the own ones."""

from typing import Any

from django.core.paginator import Paginator
from django.db.models import Count, Sum
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.utils.translation import override
from django.views.decorators.http import require_safe

from programme import csv_files
from programme.access import coordinator_only, signed_in
from supporters.honoraria import Paid, people_of, people_paid
from supporters.models import Honorarium, Payment, Supporter
from supporters.views.mypage import supporter_only

LINES_A_PAGE = 50
PAYMENTS_A_PAGE = 6
RECEIPTS_A_PAGE = 8
ENCODINGS = {"utf-8": csv_files.as_utf8, "cp932": csv_files.as_cp932}
HEADER = ("支払番号", "作成日", "サポーター番号", "氏名", "ふりがな", "区分", "明細の数", "活動時間(分)", "支払額(円)")


@supporter_only
@require_safe
def mine(request: HttpRequest, supporter: Supporter) -> HttpResponse:
    """Each line with where it stands, and the receipts."""
    lines = Honorarium.objects.filter(assignment__supporter=supporter)
    rows = lines.select_related("assignment__shift__venue", "payment").order_by("-day", "-pk")
    page = Paginator(rows, LINES_A_PAGE).get_page(request.GET.get("page"))
    return render(request, "supporters/honoraria.html", {"page": page, "supporter": supporter})


@coordinator_only
@require_safe
def payments(request: HttpRequest) -> HttpResponse:
    page = Paginator(Payment.objects.order_by("-made_at", "-pk"), PAYMENTS_A_PAGE).get_page(request.GET.get("page"))
    shown = Payment.objects.filter(pk__in=[one.pk for one in page]).select_related("made_by")
    shown = shown.annotate(yen=Sum("lines__yen"), people=Count("lines__assignment__supporter", distinct=True))
    page.object_list = shown.order_by("-made_at", "-pk")
    return render(request, "supporters/payments.html", {"page": page})


@coordinator_only
@require_safe
def payment_file(request: HttpRequest, pk: int) -> HttpResponse:
    """A person a line, for the finance system; ``?encoding=cp932`` for programs that know nothing else."""
    encode = ENCODINGS.get(request.GET.get("encoding", "utf-8"))
    if encode is None:
        raise Http404
    payment = get_object_or_404(Payment, pk=pk)
    with override("ja"):  # the city's files are in Japanese, whatever language the page is in
        text = csv_files.write([HEADER, *(_line(payment, one) for one in people_of(payment))])
    return HttpResponse(
        encode(text),
        content_type="text/csv",
        headers={"Content-Disposition": f'attachment; filename="honoraria-{payment.pk}.csv"'},
    )


def _line(payment: Payment, one: Paid) -> list[csv_files.Cell]:
    person = one.supporter
    return [
        payment.pk,
        payment.local_date.isoformat(),
        person.pk,
        person.name,
        person.kana,
        str(person.category),
        len(one.lines),
        one.minutes,
        one.yen,
    ]


@signed_in
@require_safe
def receipts(request: HttpRequest, pk: int) -> HttpResponse:
    """A receipt to sign for each person, one a sheet; a supporter sees the own one."""
    user: Any = request.user
    payment = get_object_or_404(Payment, pk=pk)
    own = None if user.is_coordinator else get_object_or_404(Supporter, user=user)
    paid = people_paid(payment)
    page = Paginator(paid.filter(pk=own.pk) if own else paid, RECEIPTS_A_PAGE).get_page(request.GET.get("page"))
    if not page:
        raise Http404
    context = {
        "payment": payment,
        "people": people_of(payment, only=page.object_list),
        "page": page,
        "title": _("領収書") if own or page.paginator.count == 1 else _("領収書(全員)"),
    }
    return render(request, "supporters/receipts.html", context)
