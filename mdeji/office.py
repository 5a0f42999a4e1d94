"""The coordinator's office: what to do next."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from programme.access import coordinator_only


@coordinator_only
def office(request: HttpRequest) -> HttpResponse:
    return render(request, "mdeji/office.html")
