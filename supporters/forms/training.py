"""What coordinators type about courses, and what supporters answer."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.db.models import Max
from django.utils.translation import gettext_lazy as _

from programme.models import Course, Limits
from supporters.models import Lesson, Question, TrainingCompletion
from supporters.models.training import OPTIONS_AT_MOST

MEGABYTE = 1024 * 1024
CAPTIONS_AT_MOST = MEGABYTE
# How files of each ending begin, from which byte on. Sources: ISO/IEC 14496-12, 4.3; RFC 8794, 11.1 (EBML).
FILM_BEGINS = {".mp4": (4, b"ftyp"), ".webm": (0, b"\x1a\x45\xdf\xa3")}


class CourseForm(forms.ModelForm):  # type: ignore[type-arg]  # takes no argument when it runs
    class Meta:
        model = Course
        fields = ["name", "required", "follow_up"]

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if cleaned.get("required") and cleaned.get("follow_up"):
            self.add_error("follow_up", _("フォローアップ研修は、必修にできません。活動を始めた人が受ける研修です。"))
        return cleaned


class NewCourseForm(CourseForm):
    code = forms.RegexField(
        r"^[a-z0-9-]+$",
        label=_("コード"),
        max_length=20,
        help_text=_("英小文字と数字です。あとから変えられません。例:smartphone-2"),
        error_messages={"invalid": _("英小文字、数字、「-」だけを使ってください。")},
    )

    class Meta(CourseForm.Meta):
        # With nothing in it yet it would only keep everybody from every duty.
        fields = ["code", "name", "follow_up"]

    field_order = ["code", "name"]

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.instance.required = False

    def clean_code(self) -> str:
        code: str = self.cleaned_data["code"]
        if Course.objects.filter(code=code).exists():
            raise ValidationError(_("このコードは、もう使われています。"))
        return code


class LessonForm(forms.ModelForm):  # type: ignore[type-arg]
    """A link, or a film with its captions."""

    link = forms.URLField(
        label=_("動画のアドレス"),
        required=False,
        max_length=500,
        assume_scheme="https",
        help_text=_("YouTubeなど、ほかのサイトにある動画のときに入力します。"),
    )

    class Meta:
        model = Lesson
        fields = ["title", "words", "link", "film", "captions"]
        widgets = {
            "words": forms.Textarea(attrs={"rows": 3}),
            "film": forms.FileInput(attrs={"accept": ".mp4,.webm"}),
            "captions": forms.FileInput(attrs={"accept": ".vtt"}),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["film"].help_text = _("MP4かWebM、%(size)sMBまで。字幕のファイルも要ります。") % {
            "size": Limits.current().film_megabytes
        }
        self.fields["captions"].help_text = _("耳の聞こえにくい方のために、動画のファイルには必ず付けます。")

    def clean_link(self) -> str:
        link: str = self.cleaned_data["link"]
        if link and not link.startswith("https://"):
            raise ValidationError(_("https:// で始まるアドレスを入力してください。"))
        return link

    def clean_film(self) -> Any:
        film = self.cleaned_data["film"]
        if isinstance(film, UploadedFile):
            most = Limits.current().film_megabytes
            if (film.size or 0) > most * MEGABYTE:
                raise ValidationError(_("動画のファイルは、%(size)sMBまでです。") % {"size": most})
            if not any(
                (film.name or "").lower().endswith(ending) and _begins(film, offset, signature)
                for ending, (offset, signature) in FILM_BEGINS.items()
            ):
                raise ValidationError(_("MP4かWebMの動画ではないようです。"))
        return film

    def clean_captions(self) -> Any:
        captions = self.cleaned_data["captions"]
        if isinstance(captions, UploadedFile):
            if (captions.size or 0) > CAPTIONS_AT_MOST:
                raise ValidationError(_("字幕のファイルが大きすぎます。"))
            try:
                text = captions.read().decode("utf-8-sig")
            except UnicodeDecodeError as error:
                raise ValidationError(_("字幕のファイルは、文字コードをUTF-8にして保存してください。")) from error
            captions.seek(0)
            if not (captions.name or "").lower().endswith(".vtt") or not text.startswith("WEBVTT") or "-->" not in text:
                raise ValidationError(_("WebVTTの字幕ではないようです。1行目は WEBVTT です。"))
        return captions

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if self.errors:
            return cleaned
        link, film, captions = (cleaned.get(name) for name in ("link", "film", "captions"))
        if bool(link) == bool(film):
            self.add_error("link", _("動画のアドレスか、動画のファイルの、どちらか一つを入れてください。"))
        elif film and not captions:
            self.add_error("captions", _("動画のファイルには、字幕のファイルも付けてください。"))
        elif link and captions:
            self.add_error("captions", _("字幕のファイルは、動画のファイルに付けるものです。"))
        return cleaned

    def save_to(self, course: Course) -> Lesson:
        """As the last of the course."""
        lesson: Lesson = self.save(commit=False)
        lesson.course = course
        lesson.position = (course.lessons.aggregate(last=Max("position"))["last"] or 0) + 1
        lesson.save()
        return lesson


class LessonWordsForm(forms.ModelForm):  # type: ignore[type-arg]
    """How a film is called and what it is about; another film is another lesson."""

    class Meta:
        model = Lesson
        fields = ["title", "words"]
        widgets = {"words": forms.Textarea(attrs={"rows": 3})}


def _begins(file: "UploadedFile[Any]", offset: int, signature: bytes) -> bool:
    file.seek(0)
    head = file.read(offset + len(signature))
    file.seek(0)
    return bool(head[offset:] == signature)


class QuestionForm(forms.Form):
    """A question, its answers, and which of them is right."""

    text = forms.CharField(label=_("問題"), max_length=200)
    right = forms.TypedChoiceField(
        label=_("正しい答え"),
        coerce=int,
        choices=[(number, str(number + 1)) for number in range(OPTIONS_AT_MOST)],
        initial=0,
    )
    why = forms.CharField(
        label=_("説明"),
        max_length=300,
        required=False,
        help_text=_("まちがえた人に見せます。書かなくてもかまいません。"),
    )

    field_order = ["text", *(f"option_{number}" for number in range(OPTIONS_AT_MOST)), "right", "why"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for number in range(OPTIONS_AT_MOST):
            self.fields[f"option_{number}"] = forms.CharField(
                label=_("答え%(number)s") % {"number": number + 1}, max_length=100, required=number < 2
            )
        self.order_fields(self.field_order)

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if not self.errors and not cleaned[f"option_{cleaned['right']}"]:
            self.add_error("right", _("正しい答えに選んだ答えが、書かれていません。"))
        return cleaned

    def save_to(self, course: Course) -> Question:
        """As the last of the course. Answers that were left out between others close up."""
        given = [(number, self.cleaned_data[f"option_{number}"]) for number in range(OPTIONS_AT_MOST)]
        options = [(number, text) for number, text in given if text]
        return Question.objects.create(
            course=course,
            position=(course.questions.aggregate(last=Max("position"))["last"] or 0) + 1,
            text=self.cleaned_data["text"],
            options=[text for _number, text in options],
            right=[number for number, _text in options].index(self.cleaned_data["right"]),
            why=self.cleaned_data["why"],
        )


class ShownForm(forms.ModelForm):  # type: ignore[type-arg]
    """How a certificate names its person to others."""

    class Meta:
        model = TrainingCompletion
        fields = ["shown_as"]
        widgets = {"shown_as": forms.RadioSelect}


class QuizForm(forms.Form):
    """All questions of a course, one choice each."""

    def __init__(self, *args: Any, course: Course, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for question in course.questions.all():
            self.fields[f"question_{question.pk}"] = forms.TypedChoiceField(
                label=question.text, coerce=int, choices=list(enumerate(question.options)), widget=forms.RadioSelect
            )

    def given(self) -> dict[int, int]:
        """By question: the place of the option."""
        return {int(name.removeprefix("question_")): place for name, place in self.cleaned_data.items()}
