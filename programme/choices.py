"""Fields whose choices are the programme's facts, which are kept in memory."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from django import forms
from django.forms.models import ModelChoiceIterator

from programme.models.kept import kept_rows

if TYPE_CHECKING:  # these take their model in brackets for the reader of types only
    ChoiceIterator = ModelChoiceIterator[Any]
    ModelChoice = forms.ModelChoiceField[Any]
    ModelChoices = forms.ModelMultipleChoiceField[Any]
else:
    ChoiceIterator = ModelChoiceIterator
    ModelChoice = forms.ModelChoiceField
    ModelChoices = forms.ModelMultipleChoiceField


class KeptIterator(ChoiceIterator):
    """Django's asks the database each time a field is shown, on PostgreSQL by a cursor for a million rows."""

    def __iter__(self) -> Iterator[Any]:
        if self.field.empty_label is not None:
            yield "", self.field.empty_label
        for row in kept_rows(self.queryset):
            yield self.choice(row)


class FactChoice(ModelChoice):
    """One entry of a code list, by its code."""

    iterator = KeptIterator


class FactChoices(ModelChoices):
    """Any entries of a code list, by their codes."""

    iterator = KeptIterator
