"""One text to many people, written as drafts first."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from notifications.models.messages import Message, MessageQuerySet

KIND = "mailing"


class Mailing(models.Model):
    """A text of the office and for whom it is; each recipient's message is a draft until the mailing is sent."""

    title = models.CharField(_("件名"), max_length=100)
    body = models.TextField(_("本文"), max_length=4000)
    short = models.TextField(_("SMSの文"), max_length=500, blank=True, help_text=_("書かないと、SMSでは送りません。"))
    title_en = models.CharField(_("英語の件名"), max_length=100, blank=True)
    body_en = models.TextField(_("英語の本文"), max_length=4000, blank=True)
    short_en = models.TextField(_("英語のSMSの文"), max_length=500, blank=True)
    audience = models.CharField(max_length=500, blank=True)  # the filter, as a query string
    created_at = models.DateTimeField(default=timezone.now)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    sent_at = models.DateTimeField(null=True, blank=True)
    sent_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )

    class Meta:
        verbose_name = _("一斉のお知らせ")
        verbose_name_plural = _("一斉のお知らせ")
        ordering = ["-created_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                name="mailing_english_whole",
                condition=Q(title_en="", body_en="", short_en="") | (~Q(title_en="") & ~Q(body_en="")),
            )
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def subject(self) -> str:
        return f"mailing:{self.pk}"

    @property
    def messages(self) -> MessageQuerySet:
        return Message.objects.filter(kind=KIND, subject=self.subject)
