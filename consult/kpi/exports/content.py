"""What an export gives."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Content:
    """The file's bytes. ``lost`` are the characters that its encoding cannot hold, each once, in code point order."""

    data: bytes
    lost: tuple[str, ...] = ()


def say_lost(characters: tuple[str, ...]) -> str:
    """ "U+20BB7, U+1F600": by number, for the signs themselves are what the encoding cannot hold."""
    return ", ".join(f"U+{ord(character):04X}" for character in characters)
