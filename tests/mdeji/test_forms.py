"""What every form owes the person in front of it."""

import datetime as dt
import re

import pytest
from django import forms

from consult.forms.reservations import ReservationForm
from mdeji.accounts import AddressForm, LoginCodeForm
from programme.widgets import DateField, ThreePartDate, TimeField, WeekTimesField, WholeNumberField
from supporters.forms.lists import RowForm
from supporters.forms.office import ContactForm, GuardianForm
from supporters.forms.registration import RegistrationForm


class Enquiry(forms.Form):
    name = forms.CharField(
        label="お名前", help_text="ふだんの文字で。", widget=forms.TextInput({"placeholder": "山田"})
    )
    note = forms.CharField(label="ひとこと", required=False)
    born = DateField(label="生年月日", widget=ThreePartDate(birthday=True))
    people = WholeNumberField(label="人数", min_value=3)
    kind = forms.ChoiceField(label="種類", choices=[("a", "甲"), ("b", "乙")], widget=forms.RadioSelect)
    agreed = forms.BooleanField(label="同意します")


# Wherever somebody types a mail address. Signing in and up: test_signing_in.py; groups: tests/support_requests/.
ADDRESSES = [
    (AddressForm, "email"),
    (ReservationForm, "email"),
    (RegistrationForm, "guardian_email"),
    (GuardianForm, "email"),
    (ContactForm, "email"),
    (RowForm, "email"),
]


GOOD = {
    "name": "髙﨑",
    "born_year": "昭和３３",
    "born_month": "４",
    "born_day": "1日",
    "people": "１２人",
    "kind": "a",
    "agreed": "on",
}


def filled(**changes: str) -> Enquiry:
    return Enquiry({**GOOD, **changes})


def tag(html: str, name: str) -> str:
    """The opening tag of the control called ``name``."""
    found = re.search(rf'<[^>]*\bname="{name}"[^>]*>', html)
    assert found, name
    return found[0]


def test_an_error_is_read_before_the_support_text() -> None:
    html = str(filled(name=""))
    assert 'aria-describedby="id_name_error id_name_helptext"' in tag(html, "name")
    assert 'id="id_name_error"' in html
    assert 'id="id_name_helptext"' in html


def test_a_group_of_controls_is_described_as_a_group() -> None:
    html = str(filled(kind=""))
    assert '<fieldset aria-describedby="id_kind_error" id="id_kind">' in html
    assert "aria-describedby" not in tag(html, "kind")


def test_required_and_optional_are_said_in_words() -> None:
    html = Enquiry()["name"].as_field_group()
    assert "※必須" in html
    assert "任意" in Enquiry()["note"].as_field_group()
    assert "※必須" in Enquiry()["agreed"].as_field_group()


def test_errors_begin_with_a_star_at_the_field() -> None:
    assert 'id="id_people_error">＊' in str(filled(people="二人"))


def test_the_summary_leads_to_each_wrong_field_and_takes_the_focus() -> None:
    html = str(Enquiry({}))
    assert 'role="alert" tabindex="-1" autofocus' in html
    for target in ("id_name", "id_born_0", "id_people", "id_kind_0", "id_agreed"):
        assert f'href="#{target}"' in html
        assert f'id="{target}"' in html


def test_a_form_without_errors_has_no_summary() -> None:
    assert "error-summary" not in str(Enquiry())


def test_placeholders_are_dropped() -> None:
    assert "placeholder" not in str(Enquiry())


def test_each_tile_is_one_label_around_its_control() -> None:
    html = Enquiry()["kind"].as_field_group()
    assert len(re.findall(r'<label class="choice"><input type="radio"[^>]*><span>', html)) == 2


def test_a_date_is_read_as_people_write_it() -> None:
    form = filled()
    assert form.is_valid(), form.errors
    assert form.cleaned_data["born"] == dt.date(1958, 4, 1)
    assert form.cleaned_data["people"] == 12


@pytest.mark.parametrize(
    ("parts", "sentence"),
    [
        (("", "", ""), "年・月・日を入力してください。"),
        (("1958", "", ""), "月・日を入力してください。"),
        (("1958", "2", "30"), "その日付はありません。年・月・日をご確認ください。"),
        (("58", "2", "3"), "年は4けたの西暦で入力してください(例 1958)。元号でも入力できます(例 昭和33)。"),
        (("1958", "二月", "3"), "年・月・日は数字で入力してください(例 2026年 4月 1日)。"),
    ],
)
def test_what_was_typed_as_a_date_stays_and_the_sentence_says_what_is_wrong(
    parts: tuple[str, str, str], sentence: str
) -> None:
    form = filled(**dict(zip(("born_year", "born_month", "born_day"), parts, strict=True)))
    assert form.errors["born"] == [sentence]
    html = form["born"].as_field_group()
    for name, typed in zip(("born_year", "born_month", "born_day"), parts, strict=True):
        assert (f'value="{typed}"' in tag(html, name)) == bool(typed)


def test_a_date_that_was_not_changed_is_unchanged() -> None:
    form = Enquiry(GOOD, initial={"born": dt.date(1958, 4, 1)})
    assert "born" not in form.changed_data


def test_a_birthday_can_be_filled_in_by_the_browser() -> None:
    assert 'autocomplete="bday-year"' in tag(str(Enquiry()), "born_year")


@pytest.mark.parametrize("typed", ["123456", "１２３４５６", " 123 456 ", "123-456"])
def test_a_code_is_taken_however_it_is_typed(typed: str) -> None:
    assert LoginCodeForm({"code": typed}, code="123456").is_valid()


def test_a_wrong_code_is_refused() -> None:
    assert not LoginCodeForm({"code": "123457"}, code="123456").is_valid()


def test_a_time_is_chosen_from_a_list() -> None:
    field = TimeField(first=dt.time(9), last=dt.time(10), step=30)
    assert [code for code, _label in list(field.choices)] == ["", "09:00", "09:30", "10:00"]
    assert field.clean("09:30") == dt.time(9, 30)
    assert field.prepare_value(dt.time(9, 30)) == "09:30"


def test_ticks_of_a_week_become_times_and_back() -> None:
    field = WeekTimesField()
    ticks = ["0-540", "1-780", "3-1050"]
    times = [(0, 540, 720), (1, 780, 1020), (3, 1050, 1200)]
    assert field.clean(ticks) == times
    assert field.prepare_value(times) == ticks
    assert not field.has_changed(times, ticks)


def test_who_is_free_in_neighbouring_bands_is_free_between_them_too() -> None:
    field = WeekTimesField()
    ticks = ["0-540", "0-780", "1-540", "1-1050"]
    times = field.clean(ticks)
    assert times == [(0, 540, 1020), (1, 540, 720), (1, 1050, 1200)]
    assert field.prepare_value(times) == ticks


def test_a_band_is_ticked_when_somebody_is_free_all_through_it() -> None:
    assert WeekTimesField().prepare_value([(2, 480, 1260), (4, 600, 1020)]) == ["2-540", "2-780", "2-1050", "4-780"]


def test_the_week_is_a_table_of_seven_days_whose_boxes_have_names() -> None:
    class Week(forms.Form):
        week = WeekTimesField(label="曜日と時間")

    html = str(Week(initial={"week": [(2, 540, 720)]}))
    assert len(re.findall(r'<th scope="row">', html)) == 7
    assert len(re.findall(r"checked", html)) == 1
    assert "水 午前 09:00–12:00" in html


@pytest.mark.parametrize(("form", "name"), ADDRESSES)
def test_a_mail_address_may_be_typed_full_width(form: type[forms.BaseForm], name: str) -> None:
    assert form.base_fields[name].clean("ｈａｎａｋｏ＠ｅｘａｍｐｌｅ．ｊｐ") == "hanako@example.jp"
