"""What Django and allauth say in forms is said in やさしい日本語, too."""

import pytest
from django import forms
from django.utils import translation

from mdeji import borrowed


@pytest.mark.parametrize("sentence", borrowed.SENTENCES)
def test_sentence_is_one_that_they_say(sentence: str | tuple[str, str]) -> None:
    """A sentence that a new version words otherwise would be shown in their Japanese."""
    with translation.override("ja"):
        if isinstance(sentence, tuple):
            assert translation.ngettext(*sentence, 2) not in sentence
        else:
            assert translation.gettext(sentence) != sentence


class Form(forms.Form):
    name = forms.CharField(max_length=5)


@pytest.mark.parametrize(
    ("name", "error"), [("", "ここに書くか、選んでください。"), ("こんにちは。", "5字までにしてください(今 6字)。")]
)
def test_forms_say_it_in_easy_japanese(name: str, error: str) -> None:
    with translation.override("ja-easy"):
        assert Form({"name": name}).errors["name"] == [error]
    with translation.override("en"):
        assert Form({"name": name}).errors["name"] != [error]
