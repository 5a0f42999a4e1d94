/** The log that works without the net: what happens when. */

import { Desk } from "./desk.js";
import { allCases, changeCases, dropSettled, keepCase, newId, recall, stamp } from "./device.js";
import { clear, offerPeople, putFirst, read, refuse, show } from "./form.js";
import { AFRESH, again, againElsewhere, compare, counts, drop, undo, write } from "./list.js";
import { Sender, Trouble } from "./server.js";
import { fill, mine, say, sayDay, sayHours, tile } from "./words.js";

const byId = (id) => document.getElementById(id);
const { language } = document.documentElement.dataset;
const VIEWS = ["case", "list", "closing", "choose"];
const UNDO_FOR = 60_000;
const KEPT_FOR = 14 * 86_400_000;
const LOOK_AROUND = 30_000;
/** Two taps on "save" in such a short time are one. */
const ONE_TAP = 700;
const RECENT = 2;
/** Troubles that no waiting ends. */
const SHUT_OUT = ["signed-out", "revoked"];

const desk = new Desk();
const sender = new Sender(() => desk.refresh(), heard);
const tabs = "BroadcastChannel" in window ? new BroadcastChannel("mdeji-desk-log") : null;
let rows = [];
let mending = null;
/** The case that the server shall make void. */
let takingBack = null;
let trouble = null;
let saving = false;
let savedAt = -ONE_TAP;
let undoBell = null;

// --- Start -------------------------------------------------------------------------------------------

async function start() {
  await keepPage();
  try {
    await desk.load();
    if (desk.contact) await dropSettled(desk.contact, KEPT_FOR);
    await againElsewhere(await allCases());
    rows = await allCases();
  } catch {
    notice("no-store", "error");
    return;
  }
  navigator.storage?.persist?.().catch(() => {});
  orderTopics();
  // Before the server answers, or does not: in a hall's wifi that may take long.
  listen();
  await arrive();
}

/** Go to what the address asks for: before the server answers to what the device knows of it. */
async function arrive() {
  const number = wantedOpening();
  if (desk.known) {
    if (number) await desk.want(number);
    await open();
  }
  await look(number);
}

function wantedOpening() {
  return Number(new URLSearchParams(location.hash.slice(1)).get("opening")) || null;
}

/** Let the browser keep the page, in this language: the worker reads which before it fetches it. */
async function keepPage() {
  if (!("serviceWorker" in navigator)) return;
  try {
    await (await caches.open("desk-log-settings")).put("language", new Response(language));
  } catch {
    // A browser that refuses to keep this asks the server for the page, as for any other.
  }
  const address = new URL("worker.js", new URL(".", location.href)).href;
  const policy = window.trustedTypes?.createPolicy("desk-log", { createScriptURL: () => address });
  navigator.serviceWorker.register(policy ? policy.createScriptURL("") : address).catch(() => {});
  navigator.serviceWorker.ready.then(() => {
    byId("ready").hidden = false;
  });
}

function listen() {
  // The link past the head leads to the view that is open.
  addEventListener("hashchange", () => location.hash === "#main" || (wantedOpening() ? arrive() : go()));
  addEventListener("online", () => look());
  addEventListener("pageshow", (event) => event.persisted && look());
  document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && look());
  tabs?.addEventListener("message", () => reload());
  setInterval(lookAround, LOOK_AROUND);
}

/** Ask the server for news and send what waits. ``number``: an opening that was asked for by its number. */
async function look(number = desk.wanted) {
  try {
    await desk.refresh(number);
    trouble = null;
  } catch (error) {
    if (!(error instanceof Trouble)) throw error;
    trouble = error.kind;
  }
  if (!byId("topics-common").childElementCount) orderTopics();
  if (desk.known) await open();
  showNotices();
  if (!SHUT_OUT.includes(trouble)) sender.afresh();
}

/** The day may have changed, and somebody may have set the clock. */
async function lookAround() {
  if (mending || read().topic) return;
  await open(false);
  showNotices();
}

// --- Where one is ------------------------------------------------------------------------------------

/** Show the opening that is logged for, or the choice of one. */
async function open(moves = true) {
  const before = desk.opening?.id;
  const settled = await desk.settle();
  const { opening } = desk;
  if (settled) {
    byId("where").textContent = mine(opening.name);
    const hours = Object.assign(document.createElement("span"), { className: "hours", textContent: sayHours(opening) });
    byId("when").replaceChildren(`${sayDay(opening.day, true)} `, hours);
    offerPeople(opening.people, await desk.person());
  }
  writeOpenings();
  sayWhereMended();
  if (moves || before !== opening?.id) go(false);
  showState();
}

function go(takesFocus = true) {
  const wished = location.hash.slice(1);
  const asked = VIEWS.includes(wished) ? wished : "case";
  const view = desk.known && !desk.opening && asked !== "list" ? "choose" : asked;
  for (const name of VIEWS) byId(name).hidden = name !== view || !desk.known;
  byId("menu").hidden = !desk.known;
  for (const place of document.querySelectorAll("[data-account]")) place.hidden = desk.isTablet;
  document.body.dataset.view = view;
  writeList();
  if (view === "closing") compare(desk, sender, loadOpening);
  if (view === "choose") writeOpenings();
  if (takesFocus) {
    (byId(`${view}-title`) ?? document.querySelector("#topic legend")).focus({ preventScroll: true });
    scrollTo(0, 0);
  }
}

function writeOpenings() {
  const signature = JSON.stringify([desk.openings, desk.today]);
  if (byId("openings").dataset.shown === signature) return;
  byId("openings").dataset.shown = signature;
  const cards = desk.openings.map((opening) => {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "secondary opening";
    const name = Object.assign(document.createElement("b"), { textContent: mine(opening.name) });
    const when = document.createElement("span");
    when.append(`${sayDay(opening.day)} ${sayHours(opening)}`);
    if (opening.day === desk.today) when.prepend(say("today"), " ");
    if (opening.cancelled) when.append(" ", say("cancelled"));
    button.append(name, when);
    button.addEventListener("click", async () => {
      await desk.choose(opening, true);
      if (location.hash.slice(1) === "case") await open();
      else location.hash = "case";
      await open();
      showNotices();
    });
    return button;
  });
  byId("openings").replaceChildren(...(cards.length ? cards : [say("no-opening")]));
}

// --- What one should know ----------------------------------------------------------------------------

function notice(name, kind = "warning", values = {}) {
  const box = document.createElement("div");
  box.className = `notice ${kind}`;
  box.dataset.name = name;
  box.append(say(name, values));
  box.querySelector("[data-retry]")?.addEventListener("click", () => look());
  byId("notices").append(box);
}

/** Write the notices anew when they are others than those that stand there: what stays is not read aloud again. */
function showNotices() {
  const wanted = [];
  if (trouble === "revoked") wanted.push(["revoked"]);
  else if (trouble === "signed-out") wanted.push(desk.known ? ["signed-out"] : ["first-time", ""]);
  else if (!desk.known) wanted.push(["first-net"]);
  const early = desk.wanted && desk.named(desk.wanted);
  if (early) wanted.push(["wanted-early", "warning", { time: sayDay(early.day) }]);
  else if (desk.known && desk.wanted) wanted.push([trouble ? "wanted-away" : "wanted-not"]);
  const fast = desk.minutesFast;
  if (desk.isUnsure) wanted.push(["clock-back"]);
  else if (fast) wanted.push([fast > 0 ? "clock-fast" : "clock-slow", "warning", { minutes: Math.abs(fast) }]);
  const { opening } = desk;
  if (opening && !desk.isUnsure && opening.day !== desk.today) {
    wanted.push(["other-day", "warning", { time: sayDay(opening.day) }]);
  }
  const signature = JSON.stringify(wanted);
  if (byId("notices").dataset.shown === signature) return;
  byId("notices").dataset.shown = signature;
  byId("notices").replaceChildren();
  for (const one of wanted) notice(...one);
}

/** Always in sight: whether everything is with the server. */
function showState() {
  const waiting = rows.filter((row) => row.state === "waiting" || (row.undo && row.state === "sent")).length;
  const refused = rows.filter((row) => row.state === "refused").length;
  const [name, kind] = refused ? ["refused", "attention"] : waiting ? ["waiting", "wait"] : ["all-sent", "good"];
  const state = byId("state");
  state.className = `state status ${kind}`;
  const words = document.createElement("span");
  fill(words, name, { count: refused || waiting });
  state.replaceChildren(words);
  state.dataset.waiting = waiting;
  state.dataset.refused = refused;
  state.hidden = !desk.known && !rows.length;
  fill(byId("list-state"), refused ? "refused" : waiting ? "waiting" : "all-sent", { count: refused || waiting });
  fill(byId("list-count"), "device-count", { count: rows.filter(counts).length });
  byId("list-empty").hidden = rows.length > 0;
  writeList();
}

/**
 * Written only while it is looked at, and when it says something else: a day's cases would cost more than saving one, and
 * who has the focus on a case keeps it. A reason half typed stays.
 */
function writeList() {
  const shown = byId("cases");
  if (document.body.dataset.view !== "list" || shown.querySelector("form")) return;
  const signature = JSON.stringify([rows, desk.isTablet]);
  if (shown.dataset.shown === signature) return;
  shown.dataset.shown = signature;
  const focused = shown.contains(document.activeElement) ? document.activeElement.dataset.key : null;
  write(shown, rows, { undo: takeBack, mend, again: sendAgain, drop: giveUp, corrects: !desk.isTablet, where });
  if (focused) (shown.querySelector(`[data-key="${focused}"]`) ?? byId("list-title")).focus({ preventScroll: true });
}

/** The name of a case's desk, where it is another than the one that is logged for. */
function where(row) {
  const opening = row.desk !== desk.opening?.desk && desk.named(row.opening);
  return opening ? mine(opening.name) : "";
}

async function heard(end) {
  trouble = end === "done" || end === "going" ? null : end;
  desk.contact = (await recall("contact")) ?? desk.contact;
  await reload();
  showNotices();
  tabs?.postMessage("changed");
}

async function reload() {
  rows = await allCases();
  if (takingBack && rows.some((row) => row.id === takingBack && row.state === "undone")) {
    takingBack = null;
    fill(byId("said"), "undone");
  }
  showState();
}

async function loadOpening() {
  await reload();
  return rows.filter((row) => row.opening === desk.opening.id);
}

// --- A case ------------------------------------------------------------------------------------------

byId("case").addEventListener("submit", async (event) => {
  event.preventDefault();
  const facts = read();
  const justSaved = performance.now() - savedAt < ONE_TAP && !facts.topic && !facts.outcome;
  if (saving || justSaved) return;
  if (refuse(facts)) {
    byId("said").replaceChildren();
    return;
  }
  saving = true;
  takingBack = null;
  const order = Math.max(0, ...rows.map((row) => row.order)) + 1;
  const { id, day, byHand } = desk.opening;
  const place = { opening: id, desk: desk.opening.desk, date: day, byHand: Boolean(byHand) };
  const fresh = { id: newId(), order, ...place, facts, state: "waiting", tried: false, ...stamp(desk.contact) };
  const mended = mending;
  try {
    if (mended) await sendMended(mended, facts);
    else await keepCase(fresh);
  } catch {
    byId("said").replaceChildren();
    byId("notices").dataset.shown = "";
    byId("notices").replaceChildren();
    notice("not-saved", "error");
    return;
  } finally {
    saving = false;
    savedAt = performance.now();
  }
  if (!mended) rows.push(fresh);
  const own = rows.filter((row) => row.opening === id && counts(row)).length;
  const what = { topic: tile("topic", facts.topic), outcome: tile("outcome", facts.outcome) };
  stopMending();
  clear();
  fill(byId("said"), mended ? "mended" : "saved", { count: own, ...what });
  offerUndo(mended ? null : fresh.id);
  document.querySelector("#topic legend").focus({ preventScroll: true });
  scrollTo(0, 0);
  showState();
  tabs?.postMessage("changed");
  sender.now();
});

byId("case").addEventListener("change", (event) => {
  byId("said").querySelector(".what")?.remove();
  if (event.target.name === "on_duty") desk.setPerson(Number(event.target.value) || null);
});

function offerUndo(id) {
  const button = byId("undo");
  clearTimeout(undoBell);
  button.hidden = id === null;
  button.onclick = () => takeBack(id);
  undoBell = setTimeout(() => {
    button.hidden = true;
  }, UNDO_FOR);
}

async function takeBack(id) {
  const isUndone = await undo(id);
  takingBack = isUndone ? null : id;
  byId("undo").hidden = true;
  fill(byId("said"), isUndone ? "undone" : "taking-back");
  if (document.body.dataset.view === "case") document.querySelector("#topic legend").focus({ preventScroll: true });
  await reload();
  sender.afresh();
}

function mend(row) {
  mending = row;
  show(row.facts);
  byId("mending").hidden = false;
  byId("mending-why").textContent = Object.values(row.errors ?? {}).flat().join(" ");
  sayWhereMended();
  location.hash = "case";
}

/** Whether a refused case has to go to another opening: it may not be logged there, or its day is yet to come. */
function isMisplaced(row) {
  return Boolean(row.errors?.opening) || row.date > desk.today;
}

/** To which opening a case will go that cannot go to its own. */
function sayWhereMended() {
  if (!mending || !desk.opening || !isMisplaced(mending)) byId("mending-where").replaceChildren();
  else fill(byId("mending-where"), "mending-where", { desk: mine(desk.opening.name), time: sayDay(desk.opening.day) });
}

/** A refused case was never stored, so it keeps its id. */
async function sendMended(row, facts) {
  const { id, desk: number, day } = desk.opening;
  const moved = isMisplaced(row) ? { opening: id, desk: number, date: day, byHand: true } : {};
  const on_duty = row.facts.on_duty;
  const mended = { ...AFRESH, ...moved, facts: { ...facts, on_duty } };
  await changeCases([row.id], (now) => (now.state === "refused" ? { ...now, ...mended } : null));
  await reload();
}

function stopMending() {
  mending = null;
  byId("mending").hidden = true;
}

async function sendAgain(id) {
  await again(id);
  await reload();
  sender.afresh();
}

async function giveUp(id, reason) {
  await drop(id, reason);
  byId("cases").replaceChildren();
  await reload();
  byId("list-title").focus();
}

byId("mending-stop").addEventListener("click", () => {
  stopMending();
  clear();
  location.hash = "list";
});
byId("state").addEventListener("click", () => {
  location.hash = "list";
});
byId("send").addEventListener("click", () => look());
byId("compare").addEventListener("click", () => compare(desk, sender, loadOpening));

/**
 * The topics tapped last on this device, then the commonest of all desks. Once a visit: what is where the thumb knows it
 * stays there.
 */
function orderTopics() {
  if (!desk.known || read().topic) return;
  const last = rows.filter(counts).map((row) => row.facts.topic).reverse();
  putFirst([...new Set([...new Set(last)].slice(0, RECENT).concat(desk.common))]);
}

start();
