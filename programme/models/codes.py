"""Code lists: stable codes with Japanese, やさしい日本語 and English labels. One topic list serves all surfaces."""

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from programme.models.records import recorded

# Degrees of WGS 84.
LATITUDE = [MinValueValidator(-90.0), MaxValueValidator(90.0)]
LONGITUDE = [MinValueValidator(-180.0), MaxValueValidator(180.0)]


class CodeEntry(models.Model):
    """An entry of a code list. The code is the key: it is what rows refer to, and it never changes its meaning."""

    code = models.CharField(_("コード"), max_length=20, primary_key=True)
    name = models.CharField(_("名称"), max_length=100)
    name_easy = models.CharField(_("名称(やさしい日本語)"), max_length=100)
    name_en = models.CharField(_("名称(英語)"), max_length=100)
    position = models.PositiveSmallIntegerField(_("順番"))
    active = models.BooleanField(_("使用中"), default=True)
    source = models.CharField(_("出典"), max_length=200)

    class Meta:
        abstract = True
        ordering = ["position"]

    def __str__(self) -> str:
        return {"en": self.name_en, "ja-easy": self.name_easy}.get(get_language() or "") or self.name


@recorded(made=True)
class District(CodeEntry):
    """One of the city's districts (地区). Coordinates are those of its hall, WGS 84 degrees."""

    kana = models.CharField(_("かな"), max_length=50)
    latitude = models.FloatField(_("緯度"), validators=LATITUDE)
    longitude = models.FloatField(_("経度"), validators=LONGITUDE)

    class Meta(CodeEntry.Meta):
        verbose_name = _("地区")
        verbose_name_plural = _("地区")


class Picture(models.TextChoices):
    """The drawings in static/programme/topics.svg."""

    POWER = "power", _("電源")
    KEYBOARD = "keyboard", _("キーボード")
    PHONE = "phone", _("電話")
    CAMERA = "camera", _("カメラ")
    CHAT = "chat", _("ふきだし")
    SHARE = "share", _("つながり")
    MAIL = "mail", _("封筒")
    SEARCH = "search", _("虫めがね")
    MAP = "map", _("地図の印")
    APPS = "apps", _("アプリ")
    SOUND = "sound", _("音")
    TABLET = "tablet", _("タブレット")
    CARD = "card", _("カード")
    SPROUT = "sprout", _("芽")
    BUS = "bus", _("バス")
    FORM = "form", _("書類")
    CALENDAR = "calendar", _("カレンダー")
    CART = "cart", _("買い物かご")
    WARNING = "warning", _("注意")
    COMPUTER = "computer", _("パソコン")
    SHIELD = "shield", _("安全")
    MORE = "more", _("点3つ")


@recorded(made=True)
class Topic(CodeEntry):
    """What people need help with: skills (supply), requests (demand) and consultations (log) share it."""

    picture = models.CharField(_("絵"), max_length=20, blank=True, choices=Picture.choices)
    in_scope = models.BooleanField(_("対応する"), default=True)
    hint = models.CharField(_("説明"), max_length=200, blank=True)
    hint_easy = models.CharField(_("説明(やさしい日本語)"), max_length=200, blank=True)
    hint_en = models.CharField(_("説明(英語)"), max_length=300, blank=True)

    class Meta(CodeEntry.Meta):
        verbose_name = _("相談内容")
        verbose_name_plural = _("相談内容")

    @property
    def advice(self) -> str:
        """The rule or referral that stands beside the topic, in the language of the page."""
        return {"en": self.hint_en, "ja-easy": self.hint_easy}.get(get_language() or "") or self.hint


@recorded(made=True)
class Level(CodeEntry):
    """How advanced: ``rank`` 1 to 3 is what skills and needs store and compare."""

    rank = models.PositiveSmallIntegerField(_("段階"), unique=True)

    class Meta(CodeEntry.Meta):
        verbose_name = _("レベル")
        verbose_name_plural = _("レベル")


@recorded(made=True)
class Category(CodeEntry):
    """Where a supporter comes from."""

    may_be_paid = models.BooleanField(_("謝礼の対象(初期値)"), default=True)

    class Meta(CodeEntry.Meta):
        verbose_name = _("サポーター区分")
        verbose_name_plural = _("サポーター区分")


@recorded(made=True)
class Device(CodeEntry):
    class Meta(CodeEntry.Meta):
        verbose_name = _("機器")
        verbose_name_plural = _("機器")


@recorded(made=True)
class AgeBand(CodeEntry):
    class Meta(CodeEntry.Meta):
        verbose_name = _("年代")
        verbose_name_plural = _("年代")


@recorded(made=True)
class Outcome(CodeEntry):
    class Meta(CodeEntry.Meta):
        verbose_name = _("結果")
        verbose_name_plural = _("結果")


@recorded(made=True)
class Visit(CodeEntry):
    class Meta(CodeEntry.Meta):
        verbose_name = _("来所")
        verbose_name_plural = _("来所")
