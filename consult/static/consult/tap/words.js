/** Sentences stand in the page (consult/tap/words.html), translated; here they are filled in. Days and hours as people say them. */

import { clockOf } from "./device.js";

const LANGUAGE = document.documentElement.dataset.language;
const TOKYO = { timeZone: "Asia/Tokyo" };
const LONG_DAY = { ...TOKYO, year: "numeric", month: "long", day: "numeric" };

/** The sentence ``name`` as a fragment; ``values`` (texts, numbers or nodes) go into its places. */
export function say(name, values = {}) {
  const sentence = document.getElementById(`say-${name}`).content.cloneNode(true);
  for (const place of sentence.querySelectorAll("[data-slot]")) {
    const value = values[place.dataset.slot];
    place.replaceChildren(value instanceof Node ? value.cloneNode(true) : String(value ?? ""));
  }
  return sentence;
}

/** The sentence as text, without readings. */
export function inText(name) {
  const sentence = say(name);
  for (const reading of sentence.querySelectorAll("rt, rp")) reading.remove();
  return sentence.textContent.trim();
}

export function fill(element, name, values) {
  element.replaceChildren(say(name, values));
}

/** Of {ja, "ja-easy", en} the one of this page. */
export function mine(labels) {
  return labels[LANGUAGE] || labels.ja;
}

/** What stands on the tile of a code, as a node; the code itself when it is not in use any more. */
export function tile(list, code) {
  const input = document.querySelector(`#case input[name="${list}"][value="${CSS.escape(code)}"]`);
  return input ? input.nextElementSibling.cloneNode(true) : document.createTextNode(code);
}

/** "2026-12-03" as 2026年12月3日(木), or Thu 3 December 2026; ``short`` without the year. */
export function sayDay(day, short = false) {
  const parts = short ? { ...LONG_DAY, year: undefined } : LONG_DAY;
  const noon = new Date(`${day}T12:00:00+09:00`);
  if (LANGUAGE === "en") {
    return new Intl.DateTimeFormat("en-GB", { ...parts, weekday: "short" }).format(noon).replace(",", "");
  }
  const weekday = LANGUAGE === "ja-easy" ? "long" : "short";
  const name = new Intl.DateTimeFormat("ja-JP", { ...TOKYO, weekday }).format(noon);
  return `${new Intl.DateTimeFormat("ja-JP", parts).format(noon)}(${name})`;
}

/** A moment in ms as 14:05; 午後2:05 in やさしい日本語. */
export function sayClock(moment) {
  if (LANGUAGE !== "ja-easy") return clockOf(moment);
  return new Intl.DateTimeFormat("ja-JP", { ...TOKYO, hour: "numeric", minute: "2-digit", hour12: true }).format(moment);
}

/** From when to when an opening is. */
export function sayHours(opening) {
  const [first, last] = [opening.starts_at, opening.ends_at].map((moment) => sayClock(Date.parse(moment)));
  return LANGUAGE === "ja-easy" ? `${first}から${last}まで` : `${first}–${last}`;
}
