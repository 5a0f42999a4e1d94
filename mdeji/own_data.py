"""The account's part of what the system holds of a person: signing in, and notes of the administration."""

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from allauth.usersessions.models import UserSession
from django.contrib.admin.models import LogEntry
from django.contrib.auth import SESSION_KEY
from django.contrib.contenttypes.models import ContentType
from django.contrib.sessions.models import Session
from django.db.models import ProtectedError
from django.utils.translation import gettext_lazy as _

from mdeji.models import Snooze
from mdeji.work import ABOUT_PEOPLE
from notifications.erasing import erased_contact, forget
from notifications.models import Contact
from programme import own_data
from programme.models import Entry, Role, User, records
from programme.own_data import Holding, Person
from supporters.models import Supporter

ACCOUNT_STAYS = _("消えます(事務局などの役割がある方のアカウントは残ります)")


def register() -> None:
    own_data.register(
        Holding(
            _("アカウント"),
            User,
            lambda person: User.objects.filter(pk__in=[person.user]),
            [
                "email",
                "mobile",
                "name",
                "role",
                ("date_joined", _("作った日時")),
                ("last_login", _("最後にサインインした日時")),
            ],
            [],
            ACCOUNT_STAYS,
        ),
        Holding(
            _("サインインに使うメールアドレス"),
            EmailAddress,
            lambda person: EmailAddress.objects.filter(user__in=[person.user]),
            [("email", _("メールアドレス")), ("verified", _("確認済み"))],
            ["user"],
            ACCOUNT_STAYS,
        ),
        Holding(
            _("ログインしている端末"),
            UserSession,
            lambda person: UserSession.objects.filter(user__in=[person.user]),
            [
                ("created_at", _("作った日時")),
                ("last_seen_at", _("最後に使った日時")),
                ("user_agent", _("端末")),
                ("ip", _("IPアドレス")),
            ],
            ["user"],
            ACCOUNT_STAYS,
        ),
        Holding(
            _("パスキー"),
            Authenticator,
            lambda person: Authenticator.objects.filter(user__in=[person.user]),
            [("created_at", _("作った日時")), ("last_used_at", _("最後に使った日時"))],
            ["user"],
            ACCOUNT_STAYS,
        ),
        Holding(
            _("つないだデジタルID"),
            SocialAccount,
            lambda person: SocialAccount.objects.filter(user__in=[person.user]),
            [("provider", _("種類")), ("uid", _("番号")), ("date_joined", _("作った日時"))],
            ["user"],
            ACCOUNT_STAYS,
        ),
        Holding(
            _("管理画面での操作"),
            LogEntry,
            lambda person: LogEntry.objects.filter(user__in=[person.user]),
            [("action_time", _("日時")), ("object_repr", _("内容"))],
            ["user"],
            ACCOUNT_STAYS,
        ),
        Holding(
            _("登録の内容が変わった記録"),
            Entry,
            lambda person: records.entries_of(
                [Supporter(pk=person.supporter), *(Contact(pk=key) for key in person.contacts)]
            ),
            [("timestamp", _("日時")), ("changes_in_words", _("内容"))],
            [],
            _("内容は消えます"),
        ),
        deeds={(Entry, "actor"): _("変えた記録"), (Snooze, "by"): _("あとにした仕事")},
        erase=_erase,
    )


def _erase(person: Person) -> None:
    """Signed in nowhere any more, drafts gone, and no account but one that also has work in the office."""
    about = ContentType.objects.get_for_model(Supporter)
    LogEntry.objects.filter(content_type=about, object_id=str(person.supporter)).update(
        object_repr="", change_message=""
    )
    # What was put off about the person names them; it comes back, and is gone with the next look.
    Snooze.objects.filter(kind__in=ABOUT_PEOPLE, key=person.supporter).delete()
    if person.supporter:
        Snooze.objects.filter(kind__in=("offer", "message")).delete()
    user = User.objects.filter(pk__in=[person.user], role=Role.MEMBER).first()
    if user is None:
        return
    for contact in Contact.objects.filter(name__in=[user.mobile]):  # made for codes, before anybody was known by it
        forget(contact, subjects=[], instead=erased_contact())
    for session in Session.objects.iterator():
        if session.get_decoded().get(SESSION_KEY) == str(user.pk):
            session.delete()
    try:
        user.delete()
    except ProtectedError:  # who worked in the office once: what was decided then keeps its row, without a name
        nobody = {"email": None, "mobile": None, "mobile_proved_at": None, "name": "", "is_active": False}
        User.objects.filter(pk=user.pk).update(**nobody)
        records.forget(user)
        for way_in in (EmailAddress, Authenticator, SocialAccount, UserSession):
            way_in.objects.filter(user=user).delete()
