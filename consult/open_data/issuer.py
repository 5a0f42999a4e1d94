"""Who publishes, and what each row of each table says of that."""

from consult.open_data.tables import Record
from programme.models import Programme, Venue
from programme.text import KATAKANA_TO_HIRAGANA

# 自治体標準オープンデータセット writes readings in full-width katakana.
TO_KATAKANA = {hiragana: katakana for katakana, hiragana in KATAKANA_TO_HIRAGANA.items()}


class Issuer:
    """The city, from the one row that says whose programme this is."""

    def __init__(self) -> None:
        self.programme = Programme.objects.get()

    def head(self, number: str) -> Record:
        """The four columns with which each row of each table begins."""
        return {
            "都道府県コード又は市区町村コード": self.programme.municipality_code,
            "NO": number,
            "都道府県名": self.programme.prefecture,
            "市区町村名": self.programme.city,
        }

    def place(self, venue: Venue) -> Record:
        """Address and coordinates (WGS 84, degrees), as far as they are known."""
        address = venue.address
        if address and not address.startswith(self.programme.prefecture):
            address = self.programme.prefecture + address
        known = venue.latitude is not None and venue.longitude is not None
        return {
            "住所": address,
            "緯度": f"{venue.latitude:.6f}" if known else None,
            "経度": f"{venue.longitude:.6f}" if known else None,
        }


def katakana(reading: str) -> str:
    """A reading in katakana; nothing for one that is not all kana, such as a name in letters."""
    text = reading.translate(TO_KATAKANA)
    return text if all("ァ" <= char <= "ヶ" or char in "ー・ 　" for char in text) else ""


def note_on_coordinates(venue: Venue) -> str:
    """Coordinates that nobody has checked say so."""
    return "" if venue.latitude is None or venue.coordinates_verified else "緯度と経度は未確認です。"
