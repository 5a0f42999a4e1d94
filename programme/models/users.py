"""Who signs in. Somebody may be a supporter and hold an office role at once."""

from typing import Any, ClassVar

from django.contrib.auth.base_user import BaseUserManager
from django.contrib.auth.models import AbstractUser
from django.db import models
from django.utils.translation import gettext_lazy as _


class Role(models.TextChoices):
    """What an account may do besides being a supporter (which a ``supporters.Supporter`` row says)."""

    MEMBER = "member", _("一般")
    COORDINATOR = "coordinator", _("コーディネーター")
    OFFICER = "officer", _("市職員")
    DESK = "desk", _("相談所の端末")


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """Make an account; without a password (the usual case) sign-in is by a code sent to ``email``."""
        user = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        return self.create_user(email, password, role=Role.COORDINATOR, is_staff=True, is_superuser=True, **fields)


class User(AbstractUser):
    username = None  # type: ignore[assignment]  # the e-mail address is the name
    first_name = None  # type: ignore[assignment]  # one name, kept exactly as typed
    last_name = None  # type: ignore[assignment]
    email = models.EmailField(_("メールアドレス"), unique=True)
    name = models.CharField(_("名前"), max_length=100, blank=True)
    role = models.CharField(_("役割"), max_length=20, choices=Role.choices, default=Role.MEMBER)

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    objects: ClassVar[UserManager] = UserManager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("利用者")
        verbose_name_plural = _("利用者")
        constraints = [models.CheckConstraint(name="user_role_known", condition=models.Q(role__in=Role.values))]

    def __str__(self) -> str:
        return self.name or self.email

    def clean(self) -> None:
        super().clean()
        # One person, one account, however the address was typed; ``create_user`` does the same.
        self.email = self.email.lower()

    @property
    def is_coordinator(self) -> bool:
        return self.role == Role.COORDINATOR

    @property
    def is_officer(self) -> bool:
        return self.role == Role.OFFICER

    @property
    def is_desk(self) -> bool:
        return self.role == Role.DESK
