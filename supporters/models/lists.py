"""Lists of people that left the system."""

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class PeopleExport(models.Model):
    """Who took a list of supporters out of the system, when, how many people, and by which filter they were chosen."""

    at = models.DateTimeField(default=timezone.now)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    # The list's query without a part of a name that was searched for, which would keep somebody's name here.
    query = models.CharField(max_length=300, blank=True)
    people = models.PositiveIntegerField(_("人数"))
    sha256 = models.CharField(max_length=64)

    class Meta:
        verbose_name = _("一覧の書き出し")
        verbose_name_plural = _("一覧の書き出し")
        ordering = ["-at", "-pk"]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d} {self.people}"
