"""The embedded broker: what it carries may be lost, but never stops the worker."""

import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from queue import Empty

import pytest
from kombu import Connection
from kombu.simple import SimpleQueue


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[Connection]:
    folders = {"data_folder_in": str(tmp_path / "messages"), "data_folder_out": str(tmp_path / "messages")}
    options = {**folders, "control_folder": str(tmp_path / "control"), "polling_interval": 0.001}
    # kombu remembers bindings by name for the whole process: each test has a queue of its own.
    options["queue"] = tmp_path.name
    with Connection("filesystem://localhost", transport_options=options) as connection:
        yield connection


def queue_of(connection: Connection) -> SimpleQueue:
    return connection.SimpleQueue(connection.transport_options["queue"])


def taken(queue: SimpleQueue) -> object:
    message = queue.get(timeout=10)
    message.ack()
    return message.payload


def test_messages_come_out_in_the_order_in_which_they_went_in(connection: Connection) -> None:
    queue = queue_of(connection)
    for number in range(5):
        queue.put({"pk": number})
    assert [taken(queue) for _ in range(5)] == [{"pk": number} for number in range(5)]
    with pytest.raises(Empty):
        queue.get(timeout=0.1)


@pytest.mark.parametrize("content", ["", "{", "null null"])
def test_an_unreadable_message_is_passed_over(connection: Connection, tmp_path: Path, content: str) -> None:
    queue = queue_of(connection)
    (tmp_path / "messages").mkdir(exist_ok=True)
    (tmp_path / "messages" / f"0_x.{tmp_path.name}.msg").write_text(content)
    queue.put({"pk": 7})
    assert taken(queue) == {"pk": 7}


def test_a_folder_that_is_gone_is_made_again(connection: Connection, tmp_path: Path) -> None:
    queue = queue_of(connection)
    queue.put({"pk": 1})
    shutil.rmtree(tmp_path / "messages")
    with pytest.raises(Empty):
        queue.get(timeout=0.1)
    queue.put({"pk": 2})
    assert taken(queue) == {"pk": 2}


def test_a_reader_never_meets_half_a_message(connection: Connection) -> None:
    """One publisher and one reader at full speed: all arrive, each once."""
    queue = queue_of(connection)

    def publish() -> None:
        with connection.clone() as other:
            for number in range(1500):
                queue_of(other).put({"pk": number})

    publisher = threading.Thread(target=publish)
    publisher.start()
    received = [taken(queue) for _ in range(1500)]
    publisher.join()
    assert received == [{"pk": number} for number in range(1500)]
