"""What somebody answers in a chat to a message, such as 行けます: the app whose fact it was calls its own verb."""

from collections.abc import Callable

from notifications.models import Message

Answered = Callable[[Message, str], str]
"""calls the verb for (message, word) and returns the sentence to answer with; raises Refused"""

_ANSWERED: dict[str, Answered] = {}


def register(kind: str, answered: Answered) -> None:
    _ANSWERED[kind] = answered


def answer(message: Message, word: str) -> str:
    """What came of it, in the language in use. KeyError for a word or a kind that takes no answer."""
    if word not in dict(message.answers):
        raise KeyError(word)
    return _ANSWERED[message.kind](message, word)
