"""Verbs at the same moment, each on a connection of its own."""

import threading
from collections.abc import Callable, Sequence
from typing import Any


def at_once(verbs: Sequence[Callable[[], Any]]) -> list[str]:
    """Call all of them at the same moment: "done" or the refusal's name each, "fault …" of what is neither."""
    from django.db import connection

    from programme.errors import Refused

    barrier, answers = threading.Barrier(len(verbs)), ["fault: no answer within a minute"] * len(verbs)

    def call(number: int) -> None:
        try:
            barrier.wait(30)
            verbs[number]()
            answers[number] = "done"
        except Refused as refusal:
            answers[number] = type(refusal).__name__
        except Exception as error:  # a deadlock, an integrity error: a fault that the count shows
            answers[number] = f"fault {type(error).__name__}: {error}"
        finally:
            connection.close()

    threads = [threading.Thread(target=call, args=(number,), daemon=True) for number in range(len(verbs))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return answers
