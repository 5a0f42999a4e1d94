"""What a group writes to the office about its request, and what the office answers."""

from typing import Any, Self

from django.conf import settings
from django.db import models, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from programme.errors import ChangedMeanwhile
from support_requests.errors import TooManyInquiries
from support_requests.messages import tell_answered
from support_requests.models.requests import SupportRequest


class InquiryQuerySet(models.QuerySet["Inquiry"]):
    def waiting(self) -> Self:
        """Those with which nobody has dealt yet."""
        return self.filter(settled_at=None)


class InquiryManager(models.Manager["Inquiry"]):
    @transaction.atomic
    def write(self, request: SupportRequest, text: str) -> "Inquiry":
        """The group writes. The same words once more while they wait are written once. Raises TooManyInquiries."""
        SupportRequest.objects.select_for_update(no_key=True).get(pk=request.pk)
        waiting = list(Inquiry.objects.waiting().filter(request=request))
        for one in waiting:
            if one.text == text:
                return one
        if len(waiting) >= Inquiry.AT_MOST:
            raise TooManyInquiries
        return self.create(request=request, text=text)


class Inquiry(models.Model):
    """``answer`` is blank until it is settled, and stays so when the office settles it by telephone."""

    AT_MOST = 5  # waiting ones of one request

    request = models.ForeignKey(SupportRequest, on_delete=models.CASCADE, related_name="inquiries")
    text = models.CharField(_("団体からの連絡"), max_length=1000)
    asked_at = models.DateTimeField(default=timezone.now)
    answer = models.CharField(_("事務局の返事"), max_length=1000, blank=True)
    settled_at = models.DateTimeField(null=True, blank=True)
    settled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )

    objects = InquiryManager.from_queryset(InquiryQuerySet)()

    class Meta:
        verbose_name = _("団体からの連絡")
        verbose_name_plural = _("団体からの連絡")
        ordering = ["asked_at", "pk"]
        constraints = [
            models.CheckConstraint(
                name="inquiry_settled_by_somebody",
                condition=Q(settled_at=None, settled_by=None, answer="")
                | Q(settled_at__isnull=False, settled_by__isnull=False),
            )
        ]

    def __str__(self) -> str:
        return self.text

    @transaction.atomic
    def settle(self, *, by: Any, answer: str = "") -> None:
        """The office has dealt with it; a written answer is told. Raises ChangedMeanwhile when somebody else has."""
        facts = {"settled_at": timezone.now(), "settled_by": by, "answer": answer}
        if Inquiry.objects.waiting().filter(pk=self.pk).update(**facts) != 1:
            raise ChangedMeanwhile
        self.refresh_from_db()
        if answer:
            tell_answered(self)
