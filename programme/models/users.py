"""Who signs in. Somebody may be a supporter and hold an office role at once."""

from typing import Any, ClassVar

from django.contrib.auth.base_user import BaseUserManager
from django.contrib.auth.models import AbstractUser
from django.db import models
from django.utils.translation import gettext_lazy as _

from programme.models.records import recorded


class Role(models.TextChoices):
    """What an account may do besides being a supporter (which a ``supporters.Supporter`` row says)."""

    MEMBER = "member", _("一般")
    COORDINATOR = "coordinator", _("コーディネーター")
    OFFICER = "officer", _("市職員")
    DESK = "desk", _("相談所の端末")


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str | None, password: str | None = None, **fields: Any) -> "User":
        """Make an account; without a password (the usual case) sign-in is by a code sent to ``email`` or ``mobile``."""
        user = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        return self.create_user(email, password, role=Role.COORDINATOR, is_staff=True, is_superuser=True, **fields)


@recorded(
    leave_out=("password", "last_login", "date_joined", "is_superuser", "is_staff"),
    names={"is_active": _("有効"), "mobile_proved_at": _("携帯電話を本人が確かめた時")},
    personal=True,
)
class User(AbstractUser):
    username = None  # type: ignore[assignment]  # the e-mail address is the name
    first_name = None  # type: ignore[assignment]  # one name, kept exactly as typed
    last_name = None  # type: ignore[assignment]
    # A code is sent to either. One account each: who shares a mobile signs in by mail.
    email = models.EmailField(_("メールアドレス"), unique=True, null=True, blank=True)  # type: ignore[assignment]
    mobile = models.CharField(_("携帯電話の番号"), max_length=16, unique=True, null=True, blank=True)  # E.164
    mobile_proved_at = models.DateTimeField(null=True, blank=True, editable=False)
    name = models.CharField(_("名前"), max_length=100, blank=True)
    role = models.CharField(_("役割"), max_length=20, choices=Role.choices, default=Role.MEMBER)

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    objects: ClassVar[UserManager] = UserManager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("利用者")
        verbose_name_plural = _("利用者")
        constraints = [
            models.CheckConstraint(name="user_role_known", condition=models.Q(role__in=Role.values)),
            models.CheckConstraint(
                name="user_mobile_proved_is_there",
                condition=models.Q(mobile_proved_at=None) | models.Q(mobile__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.name or self.email or self.mobile or str(self.pk)

    def clean(self) -> None:
        super().clean()
        # One person, one account, however the address was typed; ``create_user`` does the same.
        self.email = self.email.lower() if self.email else None

    def save(self, *args: Any, **kwargs: Any) -> None:
        # Two accounts without an address are no duplicates.
        self.email, self.mobile = self.email or None, self.mobile or None
        super().save(*args, **kwargs)

    def take_over(self, other: "User", *, newer: "User") -> None:
        """This account opens by all that opened ``other``, which opens no more.

        An account has one mobile number. Of two that were proved that of ``newer`` (one of both) stays: a number that
        somebody has left may be a stranger's by now.
        """
        from allauth.account.models import EmailAddress
        from allauth.mfa.models import Authenticator
        from allauth.socialaccount.models import SocialAccount

        EmailAddress.objects.filter(user=other).update(user=self, primary=self.email is None)
        for model in (Authenticator, SocialAccount):
            model.objects.filter(user=other).update(user=self)
        with_mobile = [account for account in (self, other) if account.mobile]
        stays = max(with_mobile, key=lambda one: (one.mobile_proved_at is not None, one.pk == newer.pk), default=self)
        email, mobile, proved_at = other.email, stays.mobile, stays.mobile_proved_at
        other.email = other.mobile = other.mobile_proved_at = None
        other.is_active = False
        other.save()
        self.email = self.email or email
        self.mobile, self.mobile_proved_at = mobile, proved_at
        self.save()

    @property
    def is_coordinator(self) -> bool:
        return self.role == Role.COORDINATOR

    @property
    def is_officer(self) -> bool:
        return self.role == Role.OFFICER

    @property
    def is_desk(self) -> bool:
        return self.role == Role.DESK
