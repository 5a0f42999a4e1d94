"""The admin site: for coordinators, who sign in where everybody does."""

from collections.abc import Callable
from typing import Any, TypeVar, cast

from csp.decorators import csp_replace
from django.contrib.admin import AdminSite
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from programme.access import coordinator_only

View = TypeVar("View", bound=Callable[..., HttpResponseBase])


class OfficeSite(AdminSite):
    """Coordinators get in, strangers are sent to sign in, and for everybody else there is no such page."""

    site_header = _("Mデジ 設定")
    site_title = _("Mデジ 設定")
    index_title = _("事業の設定")

    def has_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.is_active and getattr(request.user, "is_coordinator", False))

    def admin_view(
        self,
        view: View,
        cacheable: bool = False,  # noqa: FBT001, FBT002  (Django's signature)
    ) -> View:
        # The jQuery that Django's admin brings along writes HTML from strings; our own scripts may not.
        loosened = csp_replace({"require-trusted-types-for": None})
        return cast("View", loosened(coordinator_only(super().admin_view(view, cacheable))))

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """There is no second sign-in with a password: the index sends on to the code by e-mail."""
        return HttpResponseRedirect(reverse("admin:index"))
