/** The form of a case: three taps, or more for those who have the time; and what must not stand in it. */

import { fill, say } from "./words.js";

const { minutes: MOST_MINUTES, note: NOTE_LENGTH, common: COMMON } = document.documentElement.dataset;
const form = document.getElementById("case");
const byId = (id) => document.getElementById(id);
const chosen = (name) => form.querySelector(`input[name="${name}"]:checked`)?.value || null;
const topics = Array.from(form.querySelectorAll("#topics-rest > .choice"));

/** Put the topics ``codes`` first, as tiles that need no unfolding; the others follow in their own order. */
export function putFirst(codes) {
  const first = codes.slice(0, Number(COMMON));
  const place = (tile) => first.indexOf(tile.firstElementChild.value);
  const common = topics.filter((tile) => place(tile) >= 0).sort((one, other) => place(one) - place(other));
  // What lies as it should is left alone: a tile that is moved loses the focus.
  if (common.some((tile, turn) => byId("topics-common").children[turn] !== tile)) {
    byId("topics-common").replaceChildren(...common);
    byId("topics-rest").replaceChildren(...topics.filter((tile) => place(tile) < 0));
  }
  byId("topics-more").open = common.length === 0;
}

/** Whose names may be tapped; ``who`` is the one tapped last, by number, or null. The same names stay as they are. */
export function offerPeople(people, who) {
  const names = JSON.stringify(people);
  if (byId("people-names").dataset.shown === names) return;
  byId("people-names").dataset.shown = names;
  const tiles = people.map((person) => nameTile(person.id, person.name, person.id === who));
  byId("people-names").replaceChildren(...tiles, nameTile("", say("nobody"), false));
  byId("people").hidden = people.length === 0;
  offerNobody();
}

/** Not to say a name is a choice once a name was tapped; before that, nothing need be tapped. */
function offerNobody() {
  const nobody = byId("people-names").lastElementChild;
  if (nobody) nobody.hidden = !chosen("on_duty");
}

function nameTile(value, words, checked) {
  const tile = document.createElement("label");
  const input = Object.assign(document.createElement("input"), { type: "radio", name: "on_duty", value, checked });
  const text = document.createElement("span");
  tile.className = "choice";
  text.append(words);
  tile.append(input, text);
  return tile;
}

/** What was typed and tapped, as it is kept and sent. */
export function read() {
  const person = chosen("on_duty");
  return {
    topic: chosen("topic"),
    more_topics: Array.from(form.querySelectorAll('input[name="more_topics"]:checked'), (input) => input.value),
    outcome: chosen("outcome"),
    device: chosen("device"),
    age_band: chosen("age_band"),
    visit: chosen("visit"),
    minutes: minutesOf(form.elements.minutes.value, Number(MOST_MINUTES)),
    follow_up: form.elements.follow_up.checked,
    note: form.elements.note.value.trim(),
    on_duty: person && Number(person),
  };
}

/** What is wrong with ``facts``: [field, sentence, values]; shown at the fields, and the first takes the focus. */
export function refuse(facts) {
  const wrong = [];
  if (!facts.topic) wrong.push(["topic", "no-topic"]);
  if (!facts.outcome) wrong.push(["outcome", "no-outcome"]);
  if (Number.isNaN(facts.minutes)) wrong.push(["minutes", "minutes"]);
  if (hasPersonalData(facts.note)) wrong.push(["note", "personal-data"]);
  else if (lengthOf(facts.note) > NOTE_LENGTH) wrong.push(["note", "long-note", { count: lengthOf(facts.note) }]);
  clearErrors();
  for (const [field, sentence, values] of wrong) showError(field, sentence, values);
  if (wrong.length) focusOn(wrong[0][0]);
  return wrong.length > 0;
}

function fieldOf(name) {
  return form.querySelector(`[data-field="${name}"]`);
}

function showError(name, sentence, values) {
  const field = fieldOf(name);
  const error = document.createElement("p");
  error.className = "error";
  error.id = `${name}-error`;
  fill(error, sentence, values);
  error.prepend("＊");
  (field.querySelector("legend") ?? field.querySelector("label")).after(error);
  field.classList.add("has-error");
  const described = field.querySelector("fieldset") ?? field.querySelector("input, textarea");
  described.setAttribute("aria-describedby", error.id);
  for (const input of field.querySelectorAll("input:not([type=checkbox])")) input.setAttribute("aria-invalid", "true");
}

function clearErrors() {
  for (const field of form.querySelectorAll(".has-error")) {
    field.classList.remove("has-error");
    for (const error of field.querySelectorAll(".error")) error.remove();
    for (const part of field.querySelectorAll("[aria-describedby], [aria-invalid]")) {
      part.removeAttribute("aria-describedby");
      part.removeAttribute("aria-invalid");
    }
  }
}

function focusOn(name) {
  const field = fieldOf(name);
  const folded = field.closest("details");
  if (folded) folded.open = true;
  const tiles = Array.from(field.querySelectorAll("input"));
  const first = tiles.find((input) => input.checked) ?? tiles.find((input) => input.offsetParent) ?? tiles[0];
  first.focus({ preventScroll: true });
  field.scrollIntoView({ block: "start" });
}

/** Show ``facts`` to be changed. */
export function show(facts) {
  clear();
  for (const name of ["topic", "outcome", "device", "age_band", "visit"]) {
    const input = facts[name] && form.querySelector(`input[name="${name}"][value="${CSS.escape(facts[name])}"]`);
    if (input) input.checked = true;
  }
  for (const input of form.querySelectorAll('input[name="more_topics"]')) {
    input.checked = facts.more_topics.includes(input.value);
  }
  form.elements.minutes.value = facts.minutes ?? "";
  form.elements.follow_up.checked = facts.follow_up;
  form.elements.note.value = facts.note;
  byId("details").open = true;
  byId("topics-more").open = Boolean(form.querySelector("#topics-rest input:checked"));
  showRule();
}

/** Ready for the next person. Who is on duty stays. */
export function clear() {
  const person = form.querySelector('input[name="on_duty"]:checked');
  form.reset();
  if (person) person.checked = true;
  clearErrors();
  byId("details").open = false;
  byId("topics-more").open = byId("topics-common").childElementCount === 0;
  showRule();
}

/** A topic with a rule says it, and whom to call, once it is tapped. A second topic's stands in its tile: tap.css. */
function showRule() {
  const topic = chosen("topic");
  for (const rule of form.querySelectorAll(".rule[data-topic]")) rule.hidden = rule.dataset.topic !== topic;
}

/** After a topic was tapped, the outcomes come into sight. Not for the keyboard, whose focus leads the way. */
let touched = -Infinity;
form.addEventListener("pointerdown", () => {
  touched = performance.now();
});

form.addEventListener("change", (event) => {
  if (event.target.name === "on_duty") offerNobody();
  if (event.target.name === "topic") {
    showRule();
    if (performance.now() - touched < 1000) fieldOf("outcome").scrollIntoView({ block: "nearest" });
  }
  // A tile says at once that it was understood. A text is judged when it is saved: were its error taken away as the focus
  // leaves for the button, the button would move away from under the finger.
  if (event.target.closest(".has-error") && event.target.matches("[type=radio], [type=checkbox]")) clearErrors();
});

form.addEventListener("click", (event) => {
  const { minutes } = event.target.dataset;
  if (minutes) form.elements.minutes.value = minutes;
});

// --- What was typed ----------------------------------------------------------------------------------

/**
 * What must not stand in a note or a reason is the rule of consult/personal_data.py, word for word. The server asks again; this one
 * asks before a note is kept. tests/browser/test_offline.py puts both to the same notes.
 */

const HYPHENS = /[‐‑‒–—―−ー\-ｰ〜～~]/gu;
const KANJI_DIGITS = { 〇: "0", 零: "0", 一: "1", 二: "2", 三: "3", 四: "4", 五: "5", 六: "6", 七: "7", 八: "8", 九: "9" };
const GAP = "[^\\p{L}\\p{N}]{0,3}";
const DAY = "20[0-9]{2}/[01]?[0-9]/[0-3]?[0-9]";
const HOUR = "[0-2]?[0-9]:[0-5][0-9]";
const DAY_OR_HOUR = new RegExp(`(^|[^0-9:/])(?:${DAY}|${HOUR})(?![0-9:/])`, "gu");
const LONG_NUMBER = new RegExp(
  `\\p{Nd}{5}|\\p{Nd}(?:${GAP}\\p{Nd}){7}|\\p{Nd}{3}[\\s\\-]{1,2}\\p{Nd}{4}`,
  "u",
);

/** Full-width digits and the many hyphens as ASCII, kanji digits as digits, without invisible signs. */
function plain(text) {
  return text
    .replace(/\p{Cf}/gu, "")
    .replace(HYPHENS, "-")
    .normalize("NFKC")
    .replace(HYPHENS, "-")
    .trim()
    .replace(/[〇零一二三四五六七八九]/gu, (sign) => KANJI_DIGITS[sign]);
}

export function hasPersonalData(note) {
  const text = plain(note).replace(DAY_OR_HOUR, "$1t");
  return text.includes("@") || LONG_NUMBER.test(text);
}

/** Signs as the server counts them: 𠮷 is one. */
export function lengthOf(note) {
  return [...note].length;
}

/** Minutes as people type them (２０, 20分): a number from 1 to ``most``, null when nothing was typed, NaN when unreadable. */
export function minutesOf(typed, most) {
  const text = typed.normalize("NFKC").replace(/\s/gu, "").replace(/(分|min|minutes)$/u, "");
  if (text === "") return null;
  const number = /^\d{1,4}$/.test(text) ? Number(text) : NaN;
  return number >= 1 && number <= most ? number : NaN;
}
