/** Keeps what is typed on a page of a form in steps before it is sent: a battery may die. Without this it is kept when
    the page is sent. A page that was answered before keeps its answers until it is sent again. */

const form = document.querySelector("form[data-keep]");
let typed = 0; // the timer of what was typed and is not kept yet
let sending = new AbortController();
let sent = false;

const keep = () => {
  clearTimeout(typed);
  if (!typed || sent) return;
  typed = 0;
  sending.abort();
  sending = new AbortController();
  const body = new FormData(form);
  body.set("keep", "1");
  body.set("typed_at", Date.now());
  // What fails, the next one or the button brings.
  fetch(form.dataset.keep, { method: "POST", body, keepalive: true, signal: sending.signal }).catch(() => {});
};

form.addEventListener("input", () => {
  clearTimeout(typed);
  sent = false; // of what was sent nothing came
  typed = setTimeout(keep, 1500);
});
document.addEventListener("visibilitychange", () => document.hidden && keep());
form.addEventListener("submit", () => (sent = true));
form.addEventListener("formdata", ({ formData }) => {
  if (!sent) return;
  // The button waits for nothing. What arrives after it and was typed before it changes nothing there.
  sending.abort();
  formData.set("typed_at", Date.now());
});
addEventListener("pageshow", () => (sent = false)); // the browser's own "back"
