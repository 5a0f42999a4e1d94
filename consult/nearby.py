"""The reader's district: asked once, remembered in a cookie; a supporter's own is known."""

from collections.abc import Sequence

from django.conf import settings
from django.http import HttpRequest, HttpResponse, QueryDict
from django.utils.cache import patch_vary_headers

from consult.forms.finder import DistrictForm
from programme.models import District
from supporters.models import Supporter

COOKIE = "district"
A_YEAR = 365 * 24 * 60 * 60  # seconds


def asked(request: HttpRequest, districts: Sequence[District]) -> QueryDict:
    """What the address asks for, with the district that the reader chose before where it names none."""
    data = request.GET.copy()
    if "district" not in data:
        known = {district.pk for district in districts}
        data["district"] = next((code for code in _remembered(request) if code in known), "")
    return data


def remember(response: HttpResponse, request: HttpRequest, form: DistrictForm) -> HttpResponse:
    """Keep what the address asked for until it asks for something else; "all districts" forgets it."""
    if "district" in request.GET and "district" in form.cleaned_data:
        if form.chosen_district:
            response.set_cookie(
                COOKIE,
                form.chosen_district.pk,
                max_age=A_YEAR,
                samesite="Lax",
                secure=settings.SESSION_COOKIE_SECURE,
                httponly=True,
            )
        else:
            response.delete_cookie(COOKIE, samesite="Lax")
    patch_vary_headers(response, ["Cookie"])
    return response


def _remembered(request: HttpRequest) -> list[str]:
    if COOKIE in request.COOKIES:
        return [request.COOKIES[COOKIE]]
    if not request.user.is_authenticated:
        return []
    return list(Supporter.objects.filter(user=request.user).values_list("home_district_id", flat=True))
