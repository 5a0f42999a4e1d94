"""Reading what people type. Storage keeps it as typed; only keys for searching and comparing are normalised."""

import unicodedata

# Variant characters that NFKC leaves alone but that a person searching types the common way.
VARIANTS = str.maketrans("髙﨑栁德濵邊邉齋齊", "高崎柳徳浜辺辺斎斎")
KATAKANA_TO_HIRAGANA = {code: code - 0x60 for code in range(ord("ァ"), ord("ヶ") + 1)}
# What Japanese keyboards give where a number or a phone number wants a hyphen.
HYPHENS = str.maketrans(dict.fromkeys("‐‑‒–—―−ー-ｰ〜～~", "-"))


def search_key(text: str) -> str:
    """A key under which a name is found however it is typed: width, case, kana kind, spaces and variants folded."""
    folded = unicodedata.normalize("NFKC", text).casefold().translate(VARIANTS).translate(KATAKANA_TO_HIRAGANA)
    return "".join(folded.split())


def ascii_number(text: str) -> str:
    """Full-width digits and the many hyphens as ASCII: "０９０ー１" → "090-1"."""
    return unicodedata.normalize("NFKC", text.translate(HYPHENS)).translate(HYPHENS).strip()
