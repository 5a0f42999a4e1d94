"""Refusals: the few ways in which a verb says no, each with the sentence that the user reads."""

from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override


class Refused(Exception):  # noqa: N818  (it is an answer, not a failure)
    """A verb's rule said no. ``str(error)`` is the sentence for the user, in the user's language.

    Subclasses set ``sentence``; ``%(name)s`` places are filled from the keyword arguments.
    """

    sentence: str | Promise = _("この操作はできません。")

    def __init__(self, **details: object) -> None:
        super().__init__(details)
        self.details = details

    def __str__(self) -> str:
        return str(self.sentence) % self.details

    def in_office_language(self) -> str:
        """The sentence for a history, which others read than whoever caused it."""
        with override(settings.LANGUAGE_CODE):
            return str(self)


class ChangedMeanwhile(Refused):
    """The row's state is not, or no longer, one from which this move is allowed."""

    sentence = _("ほかの人の操作で状態が変わりました。画面を開き直して、今の状態をご確認ください。")
