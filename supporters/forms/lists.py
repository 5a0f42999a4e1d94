"""A list of supporters as an office keeps it: the file, and one row of it."""

import datetime as dt
import io
import re
from collections.abc import Mapping
from typing import Any
from zipfile import BadZipFile

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from import_export.formats.base_formats import CSV, XLSX
from openpyxl.utils.exceptions import InvalidFileException
from tablib import Dataset
from tablib.exceptions import TablibException

from notifications.phones import e164, takes_sms
from programme.models import Category, District, Topic
from programme.text import ascii_number
from programme.widgets import DateField, MailField, PostcodeField
from supporters.fields import PhoneField
from supporters.forms.facts import OLDEST, YOUNGEST, check_kana
from supporters.models import Supporter
from supporters.services import Application

ROWS_AT_MOST = 2_000
BYTES_AT_MOST = 2 * 1024 * 1024


class ListedDate(DateField):
    """A date in one cell: 1958-04-01, 1958/4/1, 昭和33年4月1日, S33.4.1, or a cell that Excel knows for a date."""

    widget = forms.TextInput  # type: ignore[assignment]  # one cell instead of three parts

    def to_python(self, value: Any) -> dt.date | None:
        if isinstance(value, dt.datetime):
            return value.date()
        if isinstance(value, dt.date):
            return value
        parts = [part for part in re.split(r"[年月日/.\s-]+", ascii_number(str(value or ""))) if part]
        if len(parts) > 3:
            raise self._wrong("invalid")
        return super().to_python([*parts, "", ""][:3] if parts else None)


class ListedSkills(forms.CharField):
    """Topics by code or name, each with its level if it is not 1: "T05:2、T01". Gives {topic: level}.

    ``known``: the topics by either; the form sets it.
    """

    known: dict[str, Topic]
    default_error_messages = {
        "topic": _("「%(text)s」という内容はありません。"),
        "level": _("レベルは1から3です:%(text)s"),
    }

    def to_python(self, value: Any) -> dict[Topic, int]:  # type: ignore[override]  # a text in, topics out
        texts = [text.strip() for text in re.split(r"[、,;\n]", super().to_python(value) or "") if text.strip()]
        return dict(self._skill(text) for text in texts)

    def _skill(self, text: str) -> tuple[Topic, int]:
        name, _colon, level = text.replace("：", ":").partition(":")
        topic = self.known.get(name.strip()) or self.known.get(ascii_number(name).upper())
        if topic is None:
            raise ValidationError(self.error_messages["topic"], code="topic", params={"text": name})
        digits = ascii_number(level or "1")
        if digits not in {"1", "2", "3"}:
            raise ValidationError(self.error_messages["level"], code="level", params={"text": text})
        return topic, int(digits)

    def validate(self, value: Any) -> None:
        """Nothing is required."""

    def run_validators(self, value: Any) -> None:
        """``to_python`` has looked at all of it."""


class ListedEntry(forms.Field):
    """One entry of a list of the programme's, by its name. ``known``: the entries by name; the form sets it."""

    known: dict[str, Any]
    default_error_messages = {
        "invalid_choice": _("「%(value)s」はありません。見本の2枚目の表にある言葉で書いてください。")
    }

    def to_python(self, value: Any) -> Any:
        if value in self.empty_values:
            return None
        if value not in self.known:
            raise ValidationError(self.error_messages["invalid_choice"], code="invalid_choice", params={"value": value})
        return self.known[value]


class Words:
    """What the rows of a list may name, looked up once for all of them."""

    def __init__(self) -> None:
        self.categories = {each.name: each for each in Category.objects.filter(active=True)}
        self.districts = {each.name: each for each in District.objects.filter(active=True)}
        self.topics = {key: topic for topic in Topic.objects.all() for key in (topic.code, topic.name)}


class RowForm(forms.Form):
    """One person of the list. The labels are the heads of the columns."""

    name = forms.CharField(
        label=_("名前"), max_length=100, error_messages={"required": _("お名前を入力してください。")}
    )
    kana = forms.CharField(
        label=_("ふりがな"),
        max_length=100,
        validators=[check_kana],
        error_messages={"required": _("ふりがなを入力してください。")},
    )
    birth_date = ListedDate(label=_("生年月日"))
    category = ListedEntry(label=_("区分"), error_messages={"required": _("あてはまるものを一つ選んでください。")})
    home_district = ListedEntry(
        label=_("お住まいの地区"), error_messages={"required": _("お住まいの地区を選んでください。")}
    )
    phone = PhoneField(label=_("電話番号"), required=False)
    mobile = PhoneField(label=_("携帯電話の番号"), required=False)
    email = MailField(label=_("メールアドレス"), required=False)
    postcode = PostcodeField(label=_("郵便番号"))
    address = forms.CharField(label=_("住所"), max_length=200, required=False)
    registered_on = ListedDate(label=_("登録日"), required=False)
    trained_on = ListedDate(label=_("研修の修了日"), required=False)
    skills = ListedSkills(label=_("教えられること"), max_length=500, required=False)

    def __init__(self, row: Mapping[str, str], *, words: Words) -> None:
        super().__init__(row)
        fields: dict[str, Any] = self.fields
        fields["category"].known, fields["home_district"].known = words.categories, words.districts
        fields["skills"].known = words.topics

    def clean_birth_date(self) -> dt.date:
        born: dt.date = self.cleaned_data["birth_date"]
        if not YOUNGEST <= Supporter(birth_date=born).age_on(timezone.localdate()) <= OLDEST:
            raise ValidationError(_("生まれた年をご確認ください。"), code="implausible")
        return born

    def clean_mobile(self) -> str:
        mobile: str = self.cleaned_data["mobile"]
        if mobile and not takes_sms(e164(mobile)):
            raise ValidationError(_("携帯電話の番号を入力してください。例:090-1234-5678"))
        return mobile

    def clean_registered_on(self) -> dt.date:
        return self._past("registered_on") or timezone.localdate()

    def clean_trained_on(self) -> dt.date | None:
        return self._past("trained_on")

    def _past(self, name: str) -> dt.date | None:
        day: dt.date | None = self.cleaned_data[name]
        if day and day > timezone.localdate():
            raise ValidationError(_("今日までの日付を入力してください。"), code="future")
        return day

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        ways = ("phone", "mobile", "email")
        if not self.errors.keys() & set(ways) and not any(cleaned.get(way) for way in ways):
            self.add_error("phone", _("メールアドレスか電話番号を入力してください。"))
        return cleaned

    def ways(self) -> dict[str, str]:
        """By which the person is reached."""
        return {name: self.cleaned_data[name] for name in ("email", "phone", "mobile")}

    def application(self) -> Application:
        names = ("name", "kana", "birth_date", "category", "home_district", "phone", "postcode", "address", "skills")
        return Application(**{name: self.cleaned_data[name] for name in names})


class ListForm(forms.Form):
    """The file. Gives its rows as the office wrote them."""

    file = forms.FileField(
        label=_("一覧のファイル"),
        help_text=_("Excel(.xlsx)かCSV。1行目は見出し、2,000人までです。"),
        widget=forms.FileInput(attrs={"accept": ".xlsx,.csv"}),
        error_messages={"required": _("ファイルを選んでください。")},
    )

    def clean_file(self) -> Dataset:
        file = self.cleaned_data["file"]
        if file.size > BYTES_AT_MOST:
            raise ValidationError(_("ファイルが大きすぎます。2,000人までに分けてください。"))
        found = _read(file.name, file.read())
        heads = {str(field.label) for field in RowForm.base_fields.values() if field.required}
        missing = [head for head in heads if head not in (found.headers or [])]
        if missing:
            raise ValidationError(
                _("1行目に、次の見出しがありません:%(heads)s。見本のファイルの見出しを使ってください。"),
                params={"heads": "、".join(sorted(missing))},
            )
        if not 0 < len(found) <= ROWS_AT_MOST:
            raise ValidationError(_("人の行が、1行から2,000行までのファイルを選んでください。"))
        return found


def _read(name: str, content: bytes) -> Dataset:
    unreadable = ValidationError(_("読めないファイルです。Excel(.xlsx)かCSVで保存し直してください。"))
    try:
        read = XLSX().create_dataset(content) if name.lower().endswith(".xlsx") else _csv(content)
    except (BadZipFile, InvalidFileException, TablibException, KeyError, ValueError, OSError, StopIteration) as error:
        raise unreadable from error
    rows = Dataset(headers=[str(head or "").strip() for head in read.headers or []])
    for row in read:
        if any(cell not in (None, "") for cell in row):
            rows.append([_text(cell) for cell in row])
    return rows


def _csv(content: bytes) -> Dataset:
    """UTF-8, or CP932 as Excel in Japan saves it."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("cp932")
    return CSV().create_dataset(io.StringIO(text, newline="").read())


def _text(cell: Any) -> str:
    """A cell as it is read on the sheet; of a date with its time the date."""
    if isinstance(cell, dt.datetime):
        return cell.date().isoformat()
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return "" if cell is None else str(cell).strip()
