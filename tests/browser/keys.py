"""Somebody who uses the keyboard alone: Tab, Shift+Tab, Space, Enter, arrows and typing."""

from dataclasses import dataclass
from typing import Any

from playwright.sync_api import Page

# What has the focus: its words, its role in a form, whether one sees that it has the focus, and that nothing hides it.
FOCUSED = """async () => {
  const it = document.activeElement;
  if (!it || it === document.body) return null;
  // The browser scrolls to it over several frames.
  for (let still = 0, last = null; still < 4; ) {
    await new Promise(requestAnimationFrame);
    const now = it.getBoundingClientRect().y;
    still = now === last ? still + 1 : 0;
    last = now;
  }
  const words = node => node ? node.innerText.trim() : "";
  const label = it.labels && it.labels.length ? it.labels[0] : null;
  const group = it.closest("fieldset");
  const style = getComputedStyle(it);
  const box = it.getBoundingClientRect();
  const top = document.elementFromPoint(box.x + box.width / 2, box.y + Math.min(box.height, innerHeight - box.y) / 2);
  const name = words(label) || it.getAttribute("aria-label") || words(it);
  return {
    words: name,
    group: group ? words(group.querySelector("legend")) : "",
    kind: it.type || it.localName,
    chosen: it.localName === "select" ? words(it.selectedOptions[0]) : it.checked ? name : "",
    ring: style.outlineStyle === "none" ? 0 : parseFloat(style.outlineWidth),
    uncovered: Boolean(top) && (it.contains(top) || top.contains(it) || Boolean(label && label.contains(top))),
    html: it.outerHTML.slice(0, 200),
  };
}"""
MOST_STOPS = 150
MOST_CHOICES = 60


@dataclass
class Keyboard:
    """Finds its way by what stands on the page, as somebody does who reads it."""

    page: Page

    def focused(self) -> dict[str, Any] | None:
        """What has the focus, which must be seen; None when it is the page as a whole."""
        found: dict[str, Any] | None = self.page.evaluate(FOCUSED)
        if found:
            assert found["ring"] >= 2, f"no ring on {found['html']}"
            assert found["uncovered"], f"hidden behind something: {found['html']}"
        return found

    def tab_to(self, words: str, *, group: str = "") -> dict[str, Any]:
        """Go on with Tab until the focus is on ``words`` (of the group of choices named ``group``)."""
        stops = []
        for _ in range(MOST_STOPS):
            self.page.keyboard.press("Tab")
            found = self.focused()
            if found and words in found["words"] and group in found["group"]:
                return found
            stops.append(found and found["words"][:20])
        raise AssertionError(f"Tab never comes to {words!r}: {stops}")

    def write(self, label: str, text: str, *, group: str = "") -> None:
        self.tab_to(label, group=group)
        self.page.keyboard.type(text)

    def choose(self, group: str, option: str) -> None:
        """One of a group of radio buttons: Tab to the group, arrows within it."""
        found = self.tab_to("", group=group)
        assert found["kind"] == "radio"
        if option in found["words"]:
            self.page.keyboard.press("Space")
        self.arrow_to(option)

    def choose_first(self, group: str) -> None:
        """The first radio button of a group, whatever comes before it."""
        while self.tab_to("", group=group)["kind"] != "radio":
            pass
        self.page.keyboard.press("Space")

    def tick(self, words: str, *, group: str = "") -> None:
        assert self.tab_to(words, group=group)["kind"] == "checkbox"
        self.page.keyboard.press("Space")

    def select(self, label: str, option: str, *, group: str = "") -> None:
        """One line of a list."""
        assert self.tab_to(label, group=group)["kind"] == "select-one"
        self.arrow_to(option)

    def arrow_to(self, option: str) -> None:
        """Go on with the arrow down, which chooses as it goes, until ``option`` is chosen."""
        for _ in range(MOST_CHOICES):
            found = self.focused()
            assert found
            if option in (found["chosen"] or ""):
                return
            self.page.keyboard.press("ArrowDown")
        raise AssertionError(f"the arrows never come to {option!r}")

    def press(self, button: str) -> None:
        """A button or a link that leads to another page: Tab to it, then Enter."""
        self.tab_to(button)
        with self.page.expect_navigation():
            self.page.keyboard.press("Enter")

    def skip_to_content(self) -> None:
        """The first stop of every page is the link past its head; after it comes the content."""
        self.page.keyboard.press("Tab")
        found = self.focused()
        assert found
        assert found["words"] == "本文へ進む"
        self.page.keyboard.press("Enter")
        assert self.page.evaluate("document.activeElement.id") == "main"

    def walk_around(self) -> None:
        """Tab through a page that was just opened and back with Shift+Tab: every stop is met, none holds the focus.

        A page whose address names a place in it begins there, past its head: the tour begins at the top all the same.
        """
        if "#" in self.page.url:
            self._walk("Shift+Tab")
        there = self._walk("Tab")
        assert self._walk("Shift+Tab") == there[::-1]
        self.page.reload()

    def _walk(self, key: str) -> list[str]:
        stops: list[str] = []
        for _ in range(MOST_STOPS):
            self.page.keyboard.press(key)
            found = self.focused()
            if found is None or (stops and found["html"] == stops[0]):
                return stops
            stops.append(found["html"])
        raise AssertionError(f"{key} never comes to the end: {stops[-3:]}")
