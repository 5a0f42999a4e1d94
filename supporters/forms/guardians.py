"""A minor's own addresses, which are no guardian's: whoever is asked there would agree for themselves."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

from allauth.account.models import EmailAddress

from notifications.phones import e164, takes_sms
from programme.models import User
from supporters.models import Supporter


@dataclass(frozen=True, slots=True)
class OwnAddresses:
    """Mail addresses in small letters, and numbers as E.164."""

    emails: frozenset[str]
    numbers: frozenset[str]

    @classmethod
    def of_account(cls, account: User | None, *, emails: Iterable[str] = (), phones: Iterable[str] = ()) -> Self:
        """All that opens ``account``, also what was added later, and what the person told besides."""
        found, numbers = {*emails}, {e164(phone) for phone in phones}
        if account:
            found |= {account.email or "", *EmailAddress.objects.filter(user=account).values_list("email", flat=True)}
            numbers.add(account.mobile or "")
        return cls(frozenset(email.casefold() for email in found) - {""}, frozenset(numbers) - {""})

    @classmethod
    def of(cls, supporter: Supporter) -> Self:
        contact = supporter.contact
        return cls.of_account(supporter.user, emails=[contact.email], phones=[contact.phone, contact.mobile])

    def has_email(self, email: str) -> bool:
        return email.casefold() in self.emails

    def has_mobile(self, phone: str) -> bool:
        """The landline at home is both's: there the office rings and asks for the guardian."""
        number = e164(phone)
        return takes_sms(number) and number in self.numbers
