"""Why a record of the desk was changed, in the system's own words."""

from django.utils.translation import gettext_noop

OURS = (
    gettext_noop("押しまちがい"),
    gettext_noop("二重に記録した"),
    gettext_noop("練習で記録した"),
    gettext_noop("日計表の入力"),
    gettext_noop("画面の記録との数合わせ"),
    gettext_noop("あとから届いた画面の記録と同じもの"),
    gettext_noop("画面の記録の取り消しとの数合わせ"),
    gettext_noop("画面の記録の訂正との数合わせ"),
)
