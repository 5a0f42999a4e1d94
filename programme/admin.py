"""What coordinators edit: the programme's facts, and accounts with their roles.

The site lets only coordinators in (``programme.office_site``), so a page here need not ask again who is there;
it says what can be done at all. Codes are what rows refer to: they are never changed or deleted, but switched off.
"""

from typing import TYPE_CHECKING, Any

from allauth.account.models import EmailAddress
from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.db import models, transaction
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from programme.models import (
    AgeBand,
    Category,
    Closure,
    ClosureCalendar,
    Course,
    Device,
    District,
    Entry,
    Goal,
    Level,
    Limit,
    Outcome,
    Programme,
    PublishedFigure,
    Room,
    Topic,
    User,
    Venue,
    Visit,
)
from programme.records import record_of

if TYPE_CHECKING:  # Django's own classes take no parameter when the code runs
    ModelAdmin = admin.ModelAdmin[Any]
    UserModelAdmin = admin.ModelAdmin[User]
    ClosureTabularInline = admin.TabularInline[Closure, ClosureCalendar]
    RoomTabularInline = admin.TabularInline[Room, Venue]
    UserForm = ModelForm[User]
else:
    ModelAdmin = UserModelAdmin = admin.ModelAdmin
    ClosureTabularInline = RoomTabularInline = admin.TabularInline
    UserForm = ModelForm


class Coordinators:
    """Permissions of the pages and rows-in-pages below: coordinators see, add and change; few things are deleted."""

    may_add = True
    may_delete = False

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(getattr(request.user, "is_coordinator", False))

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_view_permission(request)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.may_add and self.has_view_permission(request)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.may_delete and self.has_view_permission(request)


class RecordedAdmin(Coordinators, ModelAdmin):
    """The page's history is the record, which also knows what was changed elsewhere."""

    object_history_template = "programme/history.html"
    inside = ""
    """rows that the page holds, too: a related name"""

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        found = self.get_object(request, unquote(object_id))
        inside = list(getattr(found, self.inside).all()) if found and self.inside else []
        shown = {"record": record_of(found, *inside, called={row: str(row) for row in inside})}
        return super().history_view(request, object_id, {**(extra_context or {}), **shown})


class FactsAdmin(RecordedAdmin):
    """Facts of one kind. A code can be typed when a row is made and never again."""

    def get_fields(self, request: HttpRequest, obj: models.Model | None = None) -> list[Any]:
        return sorted(super().get_fields(request, obj), key=lambda name: name != "code")

    def get_readonly_fields(self, request: HttpRequest, obj: models.Model | None = None) -> list[str]:
        return ["code"] if obj and any(field.name == "code" for field in obj._meta.concrete_fields) else []


class CodeAdmin(FactsAdmin):
    list_display = ("code", "name", "name_easy", "name_en", "position", "active")
    list_filter = ("active",)
    search_fields = ("code", "name", "name_easy", "name_en")


admin.site.unregister(Entry)  # the record is read on the pages of what it is about
admin.site.register([AgeBand, Category, Device, District, Level, Outcome, Topic, Visit], CodeAdmin)


@admin.register(Programme)
class ProgrammeAdmin(FactsAdmin):
    may_add = False


@admin.register(Limit)
class LimitAdmin(FactsAdmin):
    may_add = False
    list_display = ("name", "value", "unit", "source")


@admin.register(Course)
class CourseAdmin(FactsAdmin):
    list_display = ("code", "name", "required", "follow_up")


@admin.register(Goal)
class GoalAdmin(FactsAdmin):
    may_delete = True
    list_display = ("figure", "fiscal_year", "value", "source")
    list_filter = ("fiscal_year", "figure")


@admin.register(PublishedFigure)
class PublishedFigureAdmin(FactsAdmin):
    may_delete = True
    list_display = ("name", "kind", "since", "as_of", "value", "unit", "source")
    list_filter = ("figure", "kind")
    date_hierarchy = "as_of"


class ClosureInline(Coordinators, ClosureTabularInline):
    may_delete = True
    model = Closure
    extra = 1


@admin.register(ClosureCalendar)
class ClosureCalendarAdmin(FactsAdmin):
    list_display = ("code", "name", "source")
    inlines = (ClosureInline,)
    inside = "closures"


class RoomInline(Coordinators, RoomTabularInline):
    may_delete = True
    model = Room
    extra = 1
    verbose_name_plural = _("部屋(1つも入れない会場は、同じ時間に何組でも予約できます)")


@admin.register(Venue)
class VenueAdmin(FactsAdmin):
    list_display = ("name", "kind", "district", "coordinates_verified", "closures", "active")
    list_filter = ("kind", "active", "coordinates_verified", "district")
    list_select_related = ("district", "closures")
    search_fields = ("code", "name", "kana", "name_en", "address")
    inlines = (RoomInline,)
    inside = "rooms"


@admin.register(User)
class UserAdmin(RecordedAdmin):
    """Accounts: an address, a name, a role. Nobody changes their own role, nor what a superuser is."""

    list_display = ("name", "email", "mobile", "role", "is_active", "last_login")
    list_display_links = ("name", "email", "mobile")
    list_filter = ("role", "is_active")
    search_fields = ("email", "mobile", "name")
    ordering = ("email", "pk")
    fields = ("email", "mobile", "name", "role", "is_active")

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """Whoever may write a superuser's address may become one: sign-in is by a code sent there."""
        if obj and obj.is_superuser and not request.user.is_superuser:
            return False
        return super().has_change_permission(request, obj)

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> list[str]:
        return ["role", "is_active"] if obj and obj.pk == request.user.pk else []

    @transaction.atomic
    def save_model(
        self,
        request: HttpRequest,
        obj: User,
        form: UserForm,
        change: bool,  # noqa: FBT001  (Django's signature)
    ) -> None:
        if not change:
            obj.set_unusable_password()
        super().save_model(request, obj, form, change)
        if "email" in form.changed_data:
            # The old address must no longer let anybody in.
            EmailAddress.objects.filter(user=obj).exclude(email=obj.email).delete()
