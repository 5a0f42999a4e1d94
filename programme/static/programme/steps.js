/** Keeps what is typed on a page of a form in steps before it is sent: a battery may die. Without this it is kept when
    the page is sent. A page that was answered before keeps its answers until it is sent again. */

const form = document.querySelector("form[data-keep]");
let typed = 0; // the timer of what was typed and is not kept yet
let sending = null;
let sent = false;

const keep = () => {
  clearTimeout(typed);
  if (!typed || sent) return;
  typed = 0;
  const body = new FormData(form);
  body.set("keep", "1");
  const mine = fetch(form.dataset.keep, { method: "POST", body, keepalive: true })
    .catch(() => {}) // the next one, or the button, brings it
    .finally(() => {
      if (sending === mine) sending = null;
    });
  sending = mine;
};

form.addEventListener("input", () => {
  clearTimeout(typed);
  typed = setTimeout(keep, 1500);
});
document.addEventListener("visibilitychange", () => document.hidden && keep());
form.addEventListener("submit", async (event) => {
  clearTimeout(typed);
  sent = true;
  if (!sending) return;
  // What is on its way must not arrive after the answer itself.
  event.preventDefault();
  await sending;
  form.requestSubmit(event.submitter);
});
addEventListener("pageshow", () => (sent = false)); // the browser's own "back"
