"""The days on which halls are closed: listed, added with a look at what they touch, ended."""

from functools import partial

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from consult.closures import Touched, shifts_on, shut, touched_among, touched_by
from consult.forms.rota import ClosureForm
from programme.access import coordinator_only
from programme.errors import Refused
from programme.models import Closure
from programme.records import record_of

SHIFTS_A_PAGE = 20


@coordinator_only
def closures(request: HttpRequest) -> HttpResponse:
    """All that holds or will hold, and a form for one more: first what it touches (``preview``), then it is entered."""
    today = timezone.localdate()
    form = ClosureForm(request.POST if request.method == "POST" else None)
    touched: Touched | None = None
    ticked: set[int] | None = None
    if request.method == "POST" and form.is_valid():
        closure = form.closure()
        if "preview" in request.POST:
            touched = touched_by(closure)
        else:
            ticked = {int(key) for key in request.POST.getlist("call_off") if key.isdecimal()}
            try:
                count = shut(closure, call_off=ticked, by=request.user)
            except Refused as refusal:
                form.add_error(None, str(refusal))
                touched = touched_by(form.closure())
            else:
                messages.success(request, _("休館日を加えました。中止にした開設日 %(count)s日。") % {"count": count})
                return redirect("consult:closure", closure.pk)
    rows = Closure.objects.filter(Q(last=None) | Q(last__gte=today)).select_related("calendar", "venue")
    context = {
        "form": form,
        "touched": touched,
        "looked": touched is not None,
        "ticked": ticked,
        "closures": rows.order_by("first", "pk"),
    }
    return render(request, "consult/closures.html", context)


@coordinator_only
def closure(request: HttpRequest, pk: int) -> HttpResponse:
    """One closure: what is to take place on its days all the same, and a button that ends it."""
    found = get_object_or_404(Closure.objects.select_related("calendar", "venue"), pk=pk)
    if request.method == "POST":
        found.end(timezone.localdate())
        messages.success(request, _("「%(reason)s」の休館を終わりにしました。") % {"reason": found.reason})
        return redirect("consult:closures")
    page = Paginator(shifts_on(found), SHIFTS_A_PAGE).get_page(request.GET.get("page"))
    context = {"closure": found, "page": page, "touched": touched_among(page), "record": partial(record_of, found)}
    return render(request, "consult/closure.html", context)
