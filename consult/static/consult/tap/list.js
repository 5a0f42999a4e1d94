/** What this device has logged: its cases with their states, and the comparison at the end of the day. */

import { changeCases } from "./device.js";
import { hasPersonalData } from "./form.js";
import { ask, AT_ONCE, post, Trouble, UNDONE } from "./server.js";
import { fill, inText, say, sayClock, sayDay, tile } from "./words.js";

const byId = (id) => document.getElementById(id);

/** The cases of this device: each with its state, and what can be done about it. */

/** A refused case that is to be sent once more. */
export const AFRESH = { state: "waiting", tried: false, errors: null };

/** Whether a case counts: it was neither undone nor given up. */
export function counts(row) {
  return ["waiting", "sent", "refused"].includes(row.state) && !row.undo;
}

/**
 * Undo a case. One that was never sent is undone here and now; of one that was, or may have been, the server hears.
 * Both are decided in one step with what a sender does meanwhile. Gives whether it is undone already.
 */
export async function undo(id) {
  const reason = inText("reason-slip");
  const [now] = await changeCases([id], (row) => {
    if (row.state === "refused" || (row.state === "waiting" && !row.tried)) return { ...row, state: "undone" };
    return ["waiting", "sent"].includes(row.state) ? { ...row, undo: reason } : null;
  });
  return now?.state === "undone";
}

/** Give up a refused case: it stays here with the reason. */
export async function drop(id, reason) {
  await changeCases([id], (row) => (row.state === "refused" ? { ...row, state: "dropped", reason } : null));
}

/** Send a refused case once more. The server never had it, so it may still find another opening of its day. */
export async function again(id) {
  await changeCases([id], (row) => (row.state === "refused" ? { ...row, ...AFRESH } : null));
}

/**
 * Send once more what was refused for its desk: by now somebody may have signed in, or have come back to the team, who
 * may log there.
 */
export async function againElsewhere(rows) {
  for (const row of rows.filter((one) => one.errors?.opening)) await again(row.id);
}

/**
 * Write the list. ``actions``: {undo(id), mend(row), again(id), drop(id, reason)}; whether one ``corrects`` on the server,
 * and ``where(row)``, the name of its desk where it is not the one logged for.
 */
export function write(element, rows, actions) {
  element.replaceChildren(...[...rows].reverse().map((row) => entry(row, actions)));
}

function entry(row, actions) {
  const item = document.createElement("li");
  const moment = row.device + (row.since?.offset ?? 0);
  const when = node("time", `${sayDay(row.date)} ${sayClock(moment)} ${actions.where(row)}`.trim());
  const what = node("p", tile("topic", row.facts.topic), " → ", tile("outcome", row.facts.outcome));
  what.className = "what";
  item.append(when, what, status(row));
  for (const sentence of Object.values(row.errors ?? {}).flat()) item.append(errorOf(sentence));
  if (row.told) item.append(node("p", row.told));
  const buttons = buttonsFor(row, actions, item);
  if (buttons.length) {
    const line = node("div", ...buttons);
    line.className = "mend";
    item.append(line);
  }
  return item;
}

const KINDS = { waiting: "wait", sent: "good", refused: "attention", undone: "over", undoing: "wait", dropped: "over" };

function status(row) {
  const name = row.undo ? "undoing" : row.state;
  const chip = node("span", say(`state-${name}`, { reason: row.reason }));
  chip.className = `status ${KINDS[name]}`;
  return chip;
}

function errorOf(sentence) {
  const error = node("p", typeof sentence === "string" ? sentence : JSON.stringify(sentence));
  error.className = "error";
  return error;
}

function buttonsFor(row, actions, item) {
  if (row.undo) return [];
  if (row.state === "waiting") return [button("undo", row, () => actions.undo(row.id))];
  if (row.state === "sent") {
    if (!actions.corrects) return [button("undo", row, () => actions.undo(row.id))];
    const link = node("a", say("mend"), aside(row));
    link.href = `/desks/log/cases/${row.id}/correct/`;
    link.dataset.key = `mend-${row.id}`;
    return [button("undo", row, () => actions.undo(row.id)), link];
  }
  if (row.state !== "refused") return [];
  return [
    button("mend", row, () => actions.mend(row)),
    button("again", row, () => actions.again(row.id)),
    button("drop", row, () => askWhy(row, actions, item)),
  ];
}

/** Giving up asks why, in place. */
function askWhy(row, actions, item) {
  if (item.querySelector("form")) return;
  const field = document.createElement("input");
  Object.assign(field, { id: `why-${row.id}`, maxLength: 100, type: "text" });
  const label = node("label", say("drop-why"));
  label.htmlFor = field.id;
  label.className = "label";
  const form = node("form", label, field, node("button", say("drop-do")));
  form.noValidate = true;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const reason = field.value.trim();
    const isPersonal = hasPersonalData(reason);
    if (reason && !isPersonal) return actions.drop(row.id, reason);
    const error = node("p");
    error.className = "error";
    fill(error, isPersonal ? "personal-data" : "no-reason");
    form.querySelector(".error")?.remove();
    label.after(error);
    return field.focus();
  });
  item.append(form);
  field.focus();
}

function button(name, row, act) {
  const made = node("button", say(name), aside(row));
  made.type = "button";
  made.className = "secondary small";
  made.dataset.key = `${name}-${row.id}`;
  made.addEventListener("click", act);
  return made;
}

/** Which case a button is for, for those who do not see the list. */
function aside(row) {
  const words = node("span", " ", tile("topic", row.facts.topic));
  words.className = "visually-hidden";
  return words;
}

function node(name, ...parts) {
  const made = document.createElement(name);
  made.append(...parts);
  return made;
}

// --- The end of the day --------------------------------------------------------------------------------

/**
 * The end of a desk's day: everything is sent, every case of this device is shown to the server once more, which says
 * of each that it has it, and both counts stand side by side.
 */

/** How many of ``rows`` the server counts. Those that were made void there, by the office say, become undone here. */
async function confirmed(rows, contact) {
  let counted = 0;
  for (let start = 0; start < rows.length; start += AT_ONCE) {
    const results = await post(rows.slice(start, start + AT_ONCE), contact);
    const there = Array.from(results.values()).filter((result) => result.status !== "refused");
    const voided = there.filter((result) => result.voided).map((result) => result.id);
    await changeCases(voided, (row) => ({ ...row, ...UNDONE }));
    counted += there.length - voided.length;
  }
  return counted;
}

/** Compare and say so. ``load()`` gives this opening's rows, ``sender`` sends what waits, ``desk`` knows the contact. */
export async function compare(desk, sender, load) {
  const said = byId("closing-said");
  fill(said, "comparing");
  byId("closing-figures").hidden = byId("closing-topics").hidden = true;
  const end = await sender.afresh();
  let rows = (await load()).filter(counts);
  try {
    if (end !== "done") throw new Trouble(end);
    const contact = desk.contact ?? (await desk.refresh());
    const server = await confirmed(rows.filter((row) => row.state === "sent"), contact);
    rows = (await load()).filter(counts);
    const data = await summary(desk.opening.id);
    figures({ device: rows.length, server, all: data?.count });
    if (data) tally(data, server);
    const equal = server === rows.length;
    fill(said, equal ? "equal" : "unequal", { count: rows.length, device: rows.length, server });
  } catch (trouble) {
    if (!(trouble instanceof Trouble)) throw trouble;
    const waiting = rows.filter((row) => row.state === "waiting").length;
    fill(said, waiting ? "still-waiting" : "not-compared", { count: waiting });
    figures({ device: rows.length });
  }
}

/** What the server has of the whole opening; null where this device may not know: a tablet hears of today's alone. */
async function summary(opening) {
  try {
    return (await ask(`/api/v1/consultations/summary/?opening=${opening}`)).data;
  } catch (trouble) {
    if (trouble.kind === "no") return null;
    throw trouble;
  }
}

function figures(numbers) {
  for (const place of document.querySelectorAll("[data-figure]")) {
    const number = numbers[place.dataset.figure];
    place.closest("div").hidden = number === undefined;
    place.textContent = number ?? "";
  }
  byId("closing-figures").hidden = false;
}

function tally(data, own) {
  const lines = Object.entries(data.by_topic).map(([code, count]) =>
    item(tile("topic", code), say("device-count", { count })),
  );
  const notes = [];
  if (data.count > own) notes.push(say("others", { others: data.count - own }));
  if (data.voided) notes.push(say("voided", { count: data.voided }));
  const asides = notes.map((note) => item(note));
  for (const aside of asides) aside.className = "quiet";
  document.querySelector("#closing-topics .tally").replaceChildren(...lines, ...asides);
  byId("closing-topics").hidden = lines.length + asides.length === 0;
}

function item(...parts) {
  const line = document.createElement("li");
  for (const part of parts) {
    const words = document.createElement("span");
    words.append(part);
    line.append(words);
  }
  return line;
}
