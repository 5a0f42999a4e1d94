"""How the draw works, and each month's commitment and seed: for everybody."""

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from support_requests.models import Draw

MONTHS_A_PAGE = 24


@require_safe
def draws(request: HttpRequest) -> HttpResponse:
    page = Paginator(Draw.objects.all(), MONTHS_A_PAGE).get_page(request.GET.get("page"))
    return render(request, "support_requests/draws.html", {"page": page})
