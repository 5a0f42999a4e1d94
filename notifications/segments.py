"""What a text costs as an SMS. Source: 3GPP TS 23.038 (alphabet, coding) and TS 23.040 (parts of a long message)."""

from dataclasses import dataclass
from typing import Final

from django.conf import settings

# The default alphabet: one septet each; with an escape those of the extension table, two each.
GSM: Final = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
GSM_EXTENSION: Final = frozenset("\f^{}\\[~]|€")
# (units in a message of one part, units in each part of a longer one)
GSM_SIZE: Final = (160, 153)
UCS2_SIZE: Final = (70, 67)


@dataclass(frozen=True, slots=True)
class Size:
    """``units`` are septets for "GSM-7" and 16-bit units for "UCS-2"."""

    encoding: str
    units: int
    segments: int

    @property
    def yen(self) -> float:
        """An estimate of the cost of one message."""
        return self.segments * float(settings.SMS_YEN_PER_SEGMENT)


def size(text: str) -> Size:
    """How ``text`` is coded and into how many parts it falls; "" has none. No character is torn in two."""
    if all(sign in GSM or sign in GSM_EXTENSION for sign in text):
        encoding, (one, part) = "GSM-7", GSM_SIZE
        widths = [2 if sign in GSM_EXTENSION else 1 for sign in text]
    else:
        encoding, (one, part) = "UCS-2", UCS2_SIZE
        widths = [2 if ord(sign) > 0xFFFF else 1 for sign in text]
    units = sum(widths)
    if units <= one:
        return Size(encoding, units, 1 if text else 0)
    segments, filled = 1, 0
    for width in widths:
        if filled + width > part:
            segments, filled = segments + 1, 0
        filled += width
    return Size(encoding, units, segments)
