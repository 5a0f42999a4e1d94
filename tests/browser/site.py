"""What the people of a browser test do: open pages, read their mail, sign in."""

import email
import email.policy
import re
from dataclasses import dataclass, field
from email.message import EmailMessage
from pathlib import Path

from playwright.sync_api import Browser, Page, expect

from tests.processes import wait_until

PHONE = {"width": 375, "height": 800}


@dataclass
class Site:
    """The running programme: the environment of its processes, its address, and the folder of its mails."""

    environment: dict[str, str]
    address: str
    mailbox: Path
    read: set[str] = field(default_factory=set)

    def mail_to(self, address: str, words: str) -> str:
        """The text of the next unread mail to ``address`` that says ``words``; waits for the worker to deliver it."""
        return self.mail_to_one_of([address], words)[1]

    def mail_to_one_of(self, addresses: list[str], words: str) -> tuple[str, str]:
        """The same to any of ``addresses``, and to which."""
        found: list[tuple[str, str]] = []

        def arrived() -> bool:
            for path in self.mailbox.glob("*.eml"):
                mail = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
                assert isinstance(mail, EmailMessage)
                body = mail.get_body(("plain",))
                text = f"{mail['Subject']}\n{body.get_content() if body else ''}"
                to = next((address for address in addresses if address in str(mail["To"])), None)
                if path.name not in self.read and to and words in text:
                    self.read.add(path.name)
                    found.append((to, text))
                    return True
            return False

        wait_until(arrived, seconds=60)
        return found[0]

    def link_to(self, address: str, words: str) -> str:
        """The first link of that mail."""
        return link_in(self.mail_to(address, words))


def link_in(text: str) -> str:
    """The first link of a mail's text."""
    match = re.search(r"http://\S+", text)
    assert match
    return match.group()


class Person:
    """Somebody with a phone of their own (375 px wide) and a mail address."""

    def __init__(self, browser: Browser, site: Site, email: str) -> None:
        self.site, self.email = site, email
        self.errors: list[str] = []
        self.page: Page = browser.new_page(viewport=PHONE, locale="ja-JP", timezone_id="Asia/Tokyo")  # type: ignore[arg-type]
        self.page.set_default_timeout(15_000)
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("console", lambda line: self.errors.append(line.text) if line.type == "error" else None)

    def open(self, path: str) -> None:
        """Open a path, or a whole link out of a mail. No page is wider than the phone."""
        self.page.goto(path if path.startswith("http") else self.site.address + path)
        self.looks_right()

    def looks_right(self) -> None:
        assert self.page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
        assert self.errors == []

    def type(self, **fields: str) -> None:
        for name, text in fields.items():
            self.page.fill(f"main [name='{name}']", text)

    def choose(self, name: str, option: str) -> None:
        """Choose from a list by what it shows."""
        self.page.select_option(f"main select[name='{name}']", label=option)

    def tick(self, *boxes: str) -> None:
        """Tap tiles, each "name=value"."""
        for box in boxes:
            name, _, value = box.partition("=")
            self.page.locator(f"main input[name='{name}'][value='{value}']").locator("xpath=ancestor::label").click()

    def press(self, button: str) -> None:
        self.send(f"main button:has-text('{button}')")

    def follow(self, link: str) -> None:
        self.send(f"main a:has-text('{link}')")

    def send(self, button: str = "main form button") -> None:
        """Press a form's button, by its CSS selector, and look at the page that answers."""
        with self.page.expect_navigation():
            self.page.locator(button).first.click()
        self.looks_right()

    def arrives_at(self, path: str) -> None:
        """The form was taken; where it was not, what the page says is in the failure."""
        assert path in self.page.url, self.page.locator("main").inner_text()

    def sees(self, *texts: str) -> None:
        for text in texts:
            expect(self.page.locator("main")).to_contain_text(text)

    def sign_in(self) -> None:
        """By a code out of the mail, without a password."""
        self.open("/accounts/login/")
        self.type(email=self.email)
        self.send()
        self.enter_code()

    def enter_code(self) -> None:
        match = re.search(r"^\s*(\d{6})\s*$", self.site.mail_to(self.email, "コード"), re.MULTILINE)
        assert match
        self.type(code=match.group(1))
        self.send()
        self.page.wait_for_url(lambda url: "/accounts/" not in url)

    def report(self, *, attendees: str) -> None:
        """Say how the first session without a report went: well, with so many people."""
        self.open("/supporters/")
        self.page.get_by_role("link", name="報告").first.click()
        self.page.fill("main input[name='attendees']", attendees)
        for _question in ("how many", "topics", "team"):  # what is known already is ticked
            self.press("次へ")
        self.tick("went=well")
        self.press("次へ")
        self.press("報告する")
        self.sees(f"{int(attendees)}人")
