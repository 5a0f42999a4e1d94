"""What groups ask for, typed by themselves or by a coordinator. Shape is checked here; the rules are asked."""

import datetime as dt
import uuid
from collections.abc import Iterator
from typing import Any, cast

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from notifications.channels import is_configured
from notifications.models import Channel, Contact
from notifications.phones import e164, takes_sms
from programme.choices import FactChoice, FactChoices
from programme.errors import Refused
from programme.models import Device, District, Level, Limits, Room, Venue
from programme.postcode import say_postcode
from programme.widgets import MailField, PostcodeField, WholeNumberField
from support_requests import rules
from support_requests.fields import (
    OWN_PLACE,
    PlaceField,
    StartField,
    TopicTiles,
    day_choices,
    time_choices,
    topics_in_scope,
)
from support_requests.models import Group, SupportRequest
from support_requests.said import version
from support_requests.services import Wish
from supporters.models import SpecialNeed

STARTS = ("start_1", "start_2", "start_3")
EARLIEST, LATEST = dt.time(9), dt.time(20)


class WishForm(forms.Form):
    """A group's wish, whoever types it. ``wish()`` gives what a valid form asks for."""

    taken: frozenset[dt.datetime] = frozenset()  # starts that the request had before
    room: Room | None = None

    form_id = forms.UUIDField(widget=forms.HiddenInput)
    group_name = forms.CharField(
        label=_("団体・グループの名前"),
        max_length=100,
        help_text=_("名前がないときは「○○町の友だち」のように書いてください。"),
        error_messages={"required": _("団体・グループの名前を入力してください。")},
    )
    kind = forms.ChoiceField(
        label=_("団体の種類"),
        choices=Group.Kind.choices,
        initial=Group.Kind.RESIDENTS,
        widget=forms.RadioSelect,
        error_messages={"required": _("団体の種類を選んでください。")},
    )
    district = FactChoice(
        District.objects.filter(active=True),
        label=_("団体の地区"),
        empty_label=_("選んでください"),
        error_messages={"required": _("地区を選んでください。"), "invalid_choice": _("地区を選び直してください。")},
    )
    leader = forms.CharField(
        label=_("代表の方のお名前"),
        max_length=100,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
        error_messages={"required": _("代表の方のお名前を入力してください。")},
    )
    email = MailField(
        label=_("メールアドレス"),
        required=False,
        help_text=_("メールで確認と決定のお知らせを送ります。お持ちでない方は、空欄でだいじょうぶです。"),
        error_messages={
            "invalid": _(
                "メールアドレスの形をご確認ください(例 hanako@example.jp)。お持ちでない方は、空欄でだいじょうぶです。"
            )
        },
    )
    phone = forms.CharField(
        label=_("電話番号"),
        required=False,
        max_length=40,
        widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "tel"}),
        help_text=_("家の電話でも携帯電話でもかまいません。メールのない方には、事務局がお電話します。"),
    )
    may_be_rung = forms.BooleanField(
        label=_("当日、サポーターがこの番号に電話してもよい"),
        required=False,
        help_text=_("道に迷ったとき、おくれるときなどです。番号は、当日だけ、うかがうサポーターだけに見えます。"),
    )
    preferred = forms.ChoiceField(
        label=_("お知らせの届け方"),
        required=False,
        widget=forms.RadioSelect,
        help_text=_("選ばないときは、メールがあればメールで、なければお電話でお知らせします。"),
    )
    participants = WholeNumberField(
        label=_("参加する人数"),
        error_messages={"required": _("参加する人数を入力してください。だいたいの数でかまいません。")},
    )
    venue = PlaceField(
        label=_("場所"),
        error_messages={"required": _("場所を選んでください。"), "invalid_choice": _("場所を選び直してください。")},
    )
    own_name = forms.CharField(
        label=_("ほかの場所の名前"), required=False, max_length=100, help_text=_("例:○○町自治会館、○○集会所")
    )
    own_postcode = PostcodeField(
        label=_("ほかの場所の郵便番号"), help_text=_("住所を空けて「次へ」を押すと、町の名前まで入ります。")
    )
    own_address = forms.CharField(
        label=_("ほかの場所の住所"),
        required=False,
        max_length=200,
        widget=forms.TextInput(attrs={"autocomplete": "street-address"}),
    )
    own_district = FactChoice(
        District.objects.filter(active=True),
        label=_("ほかの場所の地区"),
        required=False,
        empty_label=_("団体の地区と同じ"),
        error_messages={"invalid_choice": _("地区を選び直してください。")},
    )
    minutes = forms.TypedChoiceField(
        label=_("1回の時間"), coerce=int, error_messages={"required": _("1回の時間を選んでください。")}
    )
    topics = TopicTiles(
        topics_in_scope(),
        label=_("学びたいこと"),
        help_text=_("いくつ選んでもかまいません。"),
        error_messages={"required": _("1つ以上選んでください。わからないときは「その他」を選んでください。")},
    )
    level = FactChoice(
        Level.objects.filter(active=True).order_by("rank"),
        label=_("どのくらいのことを学びたいですか"),
        widget=forms.RadioSelect,
        empty_label=None,
        error_messages={"required": _("あてはまるものを1つ選んでください。")},
    )
    devices = FactChoices(
        Device.objects.filter(active=True),
        label=_("使う機器"),
        required=False,
        widget=forms.CheckboxSelectMultiple(attrs={"class": "columns short"}),
        help_text=_("わかるものだけで、だいじょうぶです。"),
    )
    needs = forms.MultipleChoiceField(
        label=_("必要な手助け"),
        choices=SpecialNeed.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple(attrs={"class": "columns"}),
    )
    wheelchair = forms.BooleanField(label=_("車いすの方がいる"), required=False)
    note = forms.CharField(
        label=_("伝えておきたいこと"),
        required=False,
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("駐車場がない、耳の遠い方がいる、など。"),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.limits = Limits.current()
        cast(PlaceField, self.fields["venue"]).list_halls()
        length = self._list("minutes")
        length.choices = _length_choices(self.limits)
        length.initial = self.limits.session_minutes
        self.fields["participants"].help_text = _("%(minimum)s人以上でお申し込みください。") % {
            "minimum": self.limits.minimum_group_size
        }
        self.fields["form_id"].initial = uuid.uuid4
        self._list("preferred").choices = reach_choices()

    def _list(self, name: str) -> forms.ChoiceField:
        return cast(forms.ChoiceField, self.fields[name])

    # --- Fields alone ----------------------------------------------------------------------------------
    def clean_phone(self) -> str:
        phone = str(self.cleaned_data["phone"])
        e164(phone)  # ValidationError when it is none; kept as typed
        return phone

    def clean_participants(self) -> int:
        number = int(self.cleaned_data["participants"])
        try:
            rules.check_people(number, self.limits)
        except Refused as refused:
            raise ValidationError(str(refused)) from refused
        return number

    # --- Fields together -------------------------------------------------------------------------------
    def clean(self) -> dict[str, Any]:
        super().clean()
        self._check_contact()
        self.place = self._read_place()
        self._check_room()
        self._check_starts()
        return self.cleaned_data

    def _check_contact(self) -> None:
        if "email" in self.errors or "phone" in self.errors:
            return
        try:
            rules.check_contact(email=self.cleaned_data["email"], phone=self.cleaned_data["phone"])
        except Refused as refused:
            self.add_error("email", str(refused))
        preferred = self.cleaned_data.get("preferred")
        if preferred == Channel.EMAIL and not self.cleaned_data["email"]:
            self.add_error("email", _("メールでお知らせするために、メールアドレスを入力してください。"))
        if preferred == Channel.SMS and not takes_sms(e164(self.cleaned_data["phone"])):
            self.add_error("phone", _("SMSでお知らせするために、携帯電話の番号を入力してください。"))
        if preferred == Channel.PHONE and not self.cleaned_data["phone"]:
            self.add_error("phone", _("お電話するために、電話番号を入力してください。"))

    def _read_place(self) -> Venue | None:
        """The hall, or the group's own place as an unsaved venue; None when it is not said yet."""
        chosen = self.cleaned_data.get("venue")
        if chosen is None:
            return None
        if chosen.hall:
            self.room = chosen.room
            return cast(Venue, chosen.hall)
        facts = {name: self.cleaned_data.get(f"own_{name}") for name in ("name", "address")}
        no_address = _("住所を入力してください。")
        if self.cleaned_data.get("own_postcode"):  # the form fills in what is found by it
            no_address = _("この郵便番号の町は見つかりませんでした。番号をご確認いただくか、住所を入力してください。")
        for name, sentence in (("name", _("場所の名前を入力してください。")), ("address", no_address)):
            if not facts[name] and f"own_{name}" not in self.errors:
                self.add_error(f"own_{name}", sentence)
        district = self.cleaned_data.get("own_district") or self.cleaned_data.get("district")
        if not all(facts.values()) or district is None:
            return None
        postcode = self.cleaned_data.get("own_postcode", "")
        return Venue(kind=Venue.Kind.OWN, district=district, postcode=postcode, **facts)

    def _check_room(self) -> None:
        try:
            rules.check_room(self.cleaned_data.get("participants") or 0, self.place, self.room)
        except Refused as refused:
            self.add_error("venue", str(refused))

    def _read_starts(self) -> Iterator[tuple[str, dt.datetime]]:
        """The starts that are said so far, in order of wish, each with the field that says it."""
        raise NotImplementedError

    def _check_starts(self) -> None:
        minutes = self.cleaned_data.get("minutes")
        self.starts: list[dt.datetime] = []
        for name, starts_at in self._read_starts():
            try:
                rules.check_all_different([*self.starts, starts_at])
                if self.place and minutes:
                    rules.check_start(
                        starts_at, minutes=minutes, place=self.place, limits=self.limits, taken=self.taken
                    )
            except Refused as refused:
                self.add_error(name, str(refused))
            self.starts.append(starts_at)

    def wish(self) -> Wish:
        """What the valid form asks for."""
        data = self.cleaned_data
        as_typed = ("form_id", "group_name", "kind", "district", "leader", "email", "phone", "participants", "minutes")
        also = ("preferred", "wheelchair", "may_be_rung")
        return Wish(
            **{name: data[name] for name in (*as_typed, *also)},
            months=data.get("months") or 1,
            room=self.room,
            place=cast(Venue, self.place),
            starts=self.starts,
            topics=list(data["topics"]),
            level=data["level"].rank,
            devices=list(data["devices"]),
            needs=data["needs"],
            note=data["note"],
            taken=self.taken,
        )


def reach_choices() -> list[tuple[str, Any]]:
    """How a group may be told, as far as it is possible here; the first leaves it to us."""
    ways = [("", _("どれでもよい")), (Channel.EMAIL, _("メール")), (Channel.PHONE, _("電話だけ"))]
    if is_configured(Channel.SMS):
        ways.insert(2, (Channel.SMS, _("SMS(携帯電話の番号に届くメール)")))
    return ways


def _length_choices(limits: Limits) -> list[tuple[int, str]]:
    lengths = {*range(limits.session_minutes_shortest, limits.session_minutes_longest + 1, 30), limits.session_minutes}
    return [(minutes, _("%(minutes)s分") % {"minutes": minutes}) for minutes in sorted(lengths)]


def _months_choices() -> list[tuple[int, Any]]:
    return [(1, _("1回だけ")), *((n, _("毎月、%(number)sか月つづけて") % {"number": n}) for n in (3, 6, 12))]


def months_field() -> forms.TypedChoiceField:
    """For how many months in a row the group asks."""
    return forms.TypedChoiceField(
        label=_("1回だけですか、毎月ですか"),
        choices=_months_choices,  # asked for each page, in its language
        coerce=int,
        initial=1,
        required=False,
        widget=forms.RadioSelect,
        help_text=_(
            "毎月のときは、次の月からも同じ週の同じ曜日・時間でお申し込みを受け付けます。いつでもやめられます。"
        ),
    )


class StartsForm(WishForm):
    """The form of the office: three starts, each of a day and a time from lists, in order of wish."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        days = day_choices(rules.possible_days(self.limits))
        times = time_choices(EARLIEST, LATEST, rules.GRID)
        for rank, name in enumerate(STARTS, start=1):
            self.fields[name] = StartField(
                days=days, times=times, required=rank == 1, label=_("第%(rank)s希望") % {"rank": rank}
            )

    def _read_starts(self) -> Iterator[tuple[str, dt.datetime]]:
        return ((name, self.cleaned_data[name]) for name in STARTS if self.cleaned_data.get(name))


class PhoneInForm(StartsForm):
    """Typed by a coordinator while the caller talks, or from paper."""

    months = months_field()
    intake = forms.ChoiceField(
        label=_("受付方法"),
        choices=[(value, value.label) for value in (SupportRequest.Intake.PHONE, SupportRequest.Intake.PAPER)],
        initial=SupportRequest.Intake.PHONE,
        widget=forms.RadioSelect,
    )


class RevisionForm(StartsForm):
    """What a request says so far, to be put right by a coordinator; ``seen`` is the version that the page shows."""

    seen = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, asked: SupportRequest, **kwargs: Any) -> None:
        starts = [time.starts_at for time in asked.times.all()]
        self.taken = frozenset(starts)
        initial = as_typed(asked) | dict(zip(STARTS, starts, strict=False)) | {"seen": version(asked, to_group=False)}
        super().__init__(*args, initial=initial, **kwargs)

    def look_again(self) -> list[str]:
        """From now on the page has shown what the request says now, of which the labels are given where it differs
        from what is typed."""
        sent = cast(QueryDict, self.data).copy()
        sent["seen"] = self.initial["seen"]
        self.data = sent
        return [str(self[name].label) for name in self.changed_data if name not in ("seen", "form_id")]


def as_typed(asked: SupportRequest, contact: Contact | None = None) -> dict[str, Any]:
    """What a request says so far, its starts aside, as initial values; with ``contact`` in place of the group's."""
    group, venue = asked.group, asked.venue
    contact = contact or group.contact
    own = {"venue": OWN_PLACE, "own_name": venue.name, "own_address": venue.address, "own_district": venue.district_id}
    own["own_postcode"] = say_postcode(venue.postcode)
    hall = f"{venue.pk}-{asked.room_id}" if asked.room_id else str(venue.pk)
    wanted = list(asked.topics.all())
    return {
        "form_id": asked.form_id,
        "group_name": group.name,
        "kind": group.kind,
        "district": group.district_id,
        "leader": contact.name,
        "email": contact.email,
        "phone": contact.phone,
        "preferred": contact.preferred,
        "participants": asked.participants,
        "minutes": asked.minutes,
        "topics": [it.topic_id for it in wanted],
        "level": Level.objects.filter(rank=max((it.level for it in wanted), default=1)).first(),
        "devices": [device.pk for device in asked.devices.all()],
        "needs": asked.needs,
        "wheelchair": asked.wheelchair,
        "may_be_rung": asked.may_be_rung,
        "note": asked.note,
        **(own if venue.kind == Venue.Kind.OWN else {"venue": hall}),
    }
