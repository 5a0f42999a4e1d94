/** The device itself: its clock, which may be wrong, and its disk. */

// --- The clock -----------------------------------------------------------------------------------------

/**
 * When a case happened, told by a device whose clock may be wrong and may be changed meanwhile.
 *
 * A contact is one answer of the server: {server, offset, mono, life}. ``server`` is its time and ``offset`` what has
 * to be added to the device's clock, in ms; ``mono`` is the time since the page was opened, which nobody can change,
 * and ``life`` the page's own name, since ``mono`` means nothing after a reload.
 */

const HOUR = 3_600_000;
/** Clocks that differ by less are one clock. */
const SLACK = 120_000;

export const life = newId();

/** A UUID; older browsers make it from random bytes. */
export function newId() {
  if (crypto.randomUUID) return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

/** What a case notes of the clocks at the moment of the tap. ``contact``: the last one before it, or null. */
export function stamp(contact) {
  return {
    device: Date.now(),
    mono: performance.now(),
    life,
    since: contact && { server: contact.server, offset: contact.offset },
  };
}

/** The contact that an answer makes. ``asked`` is ``performance.now()`` when it was asked for. */
export function contactOf(response, asked) {
  const said = Date.parse(response.headers.get("X-Server-Time") ?? response.headers.get("Date") ?? "");
  if (Number.isNaN(said)) return null;
  const answered = performance.now();
  const middle = Date.now() - (answered - asked) / 2;
  return { server: said, offset: said - middle, mono: (asked + answered) / 2, life };
}

/**
 * When the case happened by the server's clock, in ms. It lies between the contact before it and the one now. Where the
 * clock was changed in between, the page's own count decides, then the clock as it was, then as it is.
 */
export function timeOf(row, contact) {
  const earliest = row.since ? row.since.server - SLACK : -Infinity;
  const latest = contact.server + SLACK;
  const asNow = row.device + contact.offset;
  const asThen = row.since ? row.device + row.since.offset : asNow;
  const counted = row.life === contact.life ? [contact.server - (contact.mono - row.mono)] : [];
  const unchanged = Math.abs(asNow - asThen) < SLACK;
  const told = unchanged ? [asNow, ...counted] : [...counted, asThen, asNow];
  const found = told.find((moment) => earliest <= moment && moment <= latest);
  return Math.min(found ?? Math.max(asNow, earliest), contact.server);
}

/** The day in Tokyo, as "2026-12-03". Tokyo is nine hours ahead all year. */
export function dayOf(moment) {
  return new Date(moment + 9 * HOUR).toISOString().slice(0, 10);
}

/** The hour in Tokyo, as "14:05". */
export function clockOf(moment) {
  return new Date(moment + 9 * HOUR).toISOString().slice(11, 16);
}

/** ISO 8601 with Tokyo's offset. */
export function iso(moment) {
  return new Date(moment + 9 * HOUR).toISOString().replace("Z", "+09:00");
}

/** How wrong the device's clock is, in whole minutes: more than 0 when it is fast. 0 when nobody need know. */
export function minutesFast(contact) {
  const wrong = Math.round(-contact.offset / 60_000);
  return Math.abs(wrong) < 5 ? 0 : wrong;
}

// --- The disk ------------------------------------------------------------------------------------------

/**
 * What the device keeps, in IndexedDB: every case until the server has it and for some days after, and the facts
 * that are needed to work without the server. A write is done when the disk has it ("strict", where that is known).
 */

const NAME = "mdeji-desk-log";
const VERSION = 1;
const CASES = "cases";
const FACTS = "facts";

let opened = null;

function open() {
  opened ??= new Promise((resolve, reject) => {
    const asked = indexedDB.open(NAME, VERSION);
    asked.onupgradeneeded = () => {
      asked.result.createObjectStore(CASES, { keyPath: "id" });
      asked.result.createObjectStore(FACTS);
    };
    asked.onerror = () => reject(asked.error);
    asked.onsuccess = () => {
      const db = asked.result;
      // Another version of the page wants to change the stores, or the system took the connection (iOS does).
      db.onversionchange = () => db.close();
      db.onclose = () => {
        opened = null;
      };
      resolve(db);
    };
  });
  opened.catch(() => {
    opened = null;
  });
  return opened;
}

/** Run ``work(store, give)`` in one transaction; resolves to what was given once it is on the disk. */
async function within(name, mode, work, again = true) {
  const db = await open();
  try {
    return await new Promise((resolve, reject) => {
      const transaction = db.transaction(name, mode, { durability: mode === "readwrite" ? "strict" : "default" });
      let given;
      transaction.oncomplete = () => resolve(given);
      transaction.onabort = () => reject(transaction.error ?? new Error("aborted"));
      work(transaction.objectStore(name), (value) => {
        given = value;
      });
    });
  } catch (error) {
    // A connection that was lost in the background is opened anew, once.
    if (!again || !["InvalidStateError", "UnknownError"].includes(error?.name)) throw error;
    opened = null;
    return within(name, mode, work, false);
  }
}

/** A fact by its name, or undefined. */
export function recall(name) {
  return within(FACTS, "readonly", (facts, give) => {
    const asked = facts.get(name);
    asked.onsuccess = () => give(asked.result);
  });
}

export function remember(name, value) {
  return within(FACTS, "readwrite", (facts) => facts.put(value, name));
}

/** Every case on the device, in the order in which they were tapped. */
export function allCases() {
  return within(CASES, "readonly", (cases, give) => {
    const asked = cases.getAll();
    asked.onsuccess = () => give(asked.result.sort((one, other) => one.order - other.order));
  });
}

export function keepCase(row) {
  return within(CASES, "readwrite", (cases) => cases.put(row));
}

/**
 * Change cases in one step: ``change(row)`` gives each new row, or nothing to leave it. Resolves to the rows as they
 * are now.
 */
export function changeCases(ids, change) {
  return within(CASES, "readwrite", (cases, give) => {
    const now = [];
    give(now);
    for (const id of ids) {
      const asked = cases.get(id);
      asked.onsuccess = () => {
        if (!asked.result) return;
        const changed = change(asked.result);
        if (changed) cases.put(changed);
        now.push(changed || asked.result);
      };
    }
  });
}

/**
 * The next cases to be sent, at most ``count``, marked as tried in the same step: from now on nobody can say that the
 * server has not heard of them. Until then ``prepare(row)`` may change them. Those in ``passed``, ids, are passed over.
 */
export function takeWaiting(count, prepare, passed) {
  return within(CASES, "readwrite", (cases, give) => {
    const asked = cases.getAll();
    asked.onsuccess = () => {
      const waiting = asked.result.filter((row) => row.state === "waiting" && !passed.has(row.id));
      waiting.sort((one, other) => one.order - other.order).splice(count);
      give(waiting.map((row) => {
        if (row.tried) return row;
        const ready = { ...prepare(row), tried: true };
        cases.put(ready);
        return ready;
      }));
    };
  });
}

/**
 * Forget cases that nobody waits for any more and that happened more than ``age`` ms before the last contact: the server's
 * time, since the device's clock may be weeks ahead.
 */
export function dropSettled(contact, age) {
  const old = (row) => timeOf(row, contact) < contact.server - age;
  return within(CASES, "readwrite", (cases) => {
    const asked = cases.getAll();
    asked.onsuccess = () => {
      for (const row of asked.result) {
        if (["sent", "undone", "dropped"].includes(row.state) && !row.undo && old(row)) cases.delete(row.id);
      }
    };
  });
}
