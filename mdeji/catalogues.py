"""The translation catalogues: collected from the source, compiled when they have changed.

Sentences stand in the source in Japanese and are their own keys. ``<app>/locale/<locale>/LC_MESSAGES/django.po``
holds the other two languages; the ``.mo`` beside each is made from it like bytecode, at a start that finds it
older, by Babel: gettext's own programs would be one more thing to install.
"""

import datetime as dt
import io
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path

from babel.messages import Catalog
from babel.messages.catalog import Message
from babel.messages.extract import extract as babel_extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.apps import apps
from django.conf import settings
from django.utils.translation import templatize, to_locale

from mdeji import borrowed
from programme import furigana

KEYWORDS = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
}
TEMPLATES = {".html", ".txt"}

# Catalogues carry no date of their own: git knows it, and an update that changes nothing leaves the file as it is.
NO_DATE = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)

PLACEHOLDER = re.compile(r"%\((\w+)\)|\{(\w+)\}")


def languages() -> list[str]:
    """The languages that sentences are translated into."""
    return [code for code, _name in settings.LANGUAGES if code != settings.LANGUAGE_CODE]


def homes() -> list[Path]:
    """The folders of our own apps, which hold sentences and catalogues."""
    paths = [Path(config.path) for config in apps.get_app_configs()]
    return [path for path in paths if path.is_relative_to(settings.BASE_DIR) and ".venv" not in path.parts]


def po_file(home: Path, language: str) -> Path:
    return home / "locale" / to_locale(language) / "LC_MESSAGES" / "django.po"


def read(path: Path) -> Catalog:
    """The catalogue at ``path``; an empty one where there is none."""
    if not path.exists():
        return Catalog()
    with path.open("rb") as file:
        return read_po(file)


def extract(home: Path) -> Iterator[tuple[Path, str | tuple[str, ...], str | None]]:
    """Each sentence of an app: file, sentence (or singular and plural), context."""
    for path in sorted(home.rglob("*")):
        if "migrations" in path.parts or path.suffix not in TEMPLATES | {".py"}:
            continue
        source = path.read_text()
        if path.suffix in TEMPLATES:
            if "{%" not in source:
                continue
            # What is left of a template is indented at random, which Python's tokenizer would refuse.
            source = "\n".join(line.strip() for line in templatize(source, origin=str(path)).split("\n"))
        for _line, sentence, _comments, context in babel_extract("python", io.BytesIO(source.encode()), KEYWORDS):
            yield path, sentence, context


def collect(home: Path, language: str) -> Catalog:
    """What the app's catalogue should hold today: each of its sentences, with the translation it has, if any."""
    known = read(po_file(home, language))
    catalogue = Catalog(
        locale=to_locale(language).split("_")[0],
        project="Mデジ",
        header_comment="",
        creation_date=NO_DATE,
        revision_date=NO_DATE,
        last_translator="",
        language_team="",
        fuzzy=False,
    )
    sentences = list(extract(home))
    if language == furigana.EASY and home.name == "mdeji":
        sentences += [(home / "borrowed.py", sentence, None) for sentence in borrowed.SENTENCES]
    for path, sentence, context in sentences:
        entry = known.get(sentence if isinstance(sentence, str) else sentence[0], context)
        place = (str(path.relative_to(home)), 0)
        catalogue.add(sentence, entry.string if entry else None, [place], context=context)
    return catalogue


def update() -> None:
    """Write each catalogue anew, in the source's order. A sentence that is gone goes; a new one comes untranslated,
    or as another app has translated it.
    """
    for language in languages():
        catalogues = {home: collect(home, language) for home in homes()}
        known = {key(entry): entry.string for each in catalogues.values() for entry in each if done(entry)}
        for home, catalogue in catalogues.items():
            if not len(catalogue):
                continue
            for entry in catalogue:
                if entry.id and not done(entry):
                    entry.string = known.get(key(entry), entry.string)
            path = po_file(home, language)
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("wb") as file:
                write_po(file, catalogue, width=0, omit_header=False, include_lineno=False)


def key(entry: Message) -> tuple[str, str | None]:
    """An entry's identity: its sentence (the singular of a plural) and its context."""
    return originals(entry)[0], entry.context


def originals(entry: Message) -> tuple[str, ...]:
    """The sentence in the source: one, or its singular and plural."""
    return (entry.id,) if isinstance(entry.id, str) else tuple(entry.id)


def done(entry: Message) -> bool:
    """Whether a catalogue's entry is translated, in each of its forms."""
    return all(forms(entry))


def forms(entry: Message) -> tuple[str, ...]:
    """The translations of an entry: one, or one per plural form. Untranslated ones are empty."""
    return tuple(entry.string) if isinstance(entry.string, (tuple, list)) else (entry.string or "",)


def faults() -> Iterator[str]:
    """What is wrong with the catalogues, a line each: the test of the languages fails for any."""
    for language in languages():
        known: dict[tuple[str, str | None], Message] = {}
        for home in homes():
            catalogue = collect(home, language)
            gone = len(read(po_file(home, language))) - len(catalogue)
            if gone > 0:
                yield f"{language} {home.name}: {gone} sentences are gone from the source: run manage.py languages"
            for entry in catalogue:
                if entry.id and (wrong := _fault(entry, known.setdefault(key(entry), entry), language)):
                    yield f"{language} {home.name}: {originals(entry)[0]!r}: {wrong}"


def _fault(entry: Message, first: Message, language: str) -> str:
    """What is wrong with an entry, or nothing. ``first`` is the entry of the first app that has the sentence."""
    if not done(entry):
        return "not translated"
    if forms(entry) != forms(first):
        # Django merges the apps' catalogues: which one wins would be chance.
        return "translated otherwise in another app"
    if any(_placeholders(form) != _placeholders(originals(entry)[-1]) for form in forms(entry)):
        return "has other placeholders than the sentence"
    bare = [word for form in forms(entry) for word in furigana.unread(form)] if language == furigana.EASY else []
    return f"no reading for {'、'.join(bare)}" if bare else ""


def _placeholders(text: str) -> set[tuple[str, ...]]:
    return set(PLACEHOLDER.findall(text))


def compile_changed() -> None:
    """Make each ``.mo`` that is missing or older than its ``.po``. Processes may do so at once: the last one wins."""
    for home in homes():
        for language in languages():
            source = po_file(home, language)
            target = source.with_suffix(".mo")
            if source.exists() and (not target.exists() or target.stat().st_mtime < source.stat().st_mtime):
                with tempfile.NamedTemporaryFile(dir=target.parent, delete=False) as file:
                    write_mo(file, read(source))
                Path(file.name).chmod(0o644)  # another user's process may serve
                Path(file.name).replace(target)
