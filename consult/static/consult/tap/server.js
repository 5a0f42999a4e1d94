/** Talking to the server, and the cases that go to it. */

import { allCases, changeCases, contactOf, dayOf, iso, life, recall, remember, takeWaiting, timeOf } from "./device.js";

/**
 * Talking to the server. Every answer makes a contact (device.js). What goes wrong has one of these names:
 * "away" (no answer, or not ours: a hall's wifi likes to answer itself), "signed-out", "busy" (try later), "no". A tablet
 * that was taken out hears "revoked" in place of "signed-out".
 */

const PATIENCE = 20_000;

export class Trouble extends Error {
  constructor(kind, body = null, status = null) {
    super(kind);
    this.kind = kind;
    this.body = body;
    this.status = status;
  }
}

function cookie(name) {
  return document.cookie.split("; ").find((one) => one.startsWith(`${name}=`))?.slice(name.length + 1);
}

function headers(body) {
  if (body === undefined) return { Accept: "application/json" };
  return { Accept: "application/json", "Content-Type": "application/json", "X-CSRFToken": cookie("csrftoken") ?? "" };
}

const KINDS = { 401: "signed-out", 403: "signed-out", 404: "no", 408: "busy", 429: "busy" };

/** The answer's {data, contact}. ``body`` undefined: GET. Throws Trouble. */
export async function ask(path, body) {
  const address = new URL(path, document.baseURI);
  address.searchParams.set("lang", document.documentElement.dataset.language);
  const patience = new AbortController();
  const bell = setTimeout(() => patience.abort(), PATIENCE);
  const asked = performance.now();
  try {
    const response = await fetch(address, {
      method: body === undefined ? "GET" : "POST",
      headers: headers(body),
      body: body === undefined ? undefined : JSON.stringify(body),
      cache: "no-store",
      redirect: "error",
      signal: patience.signal,
    });
    if (!(response.headers.get("Content-Type") ?? "").startsWith("application/json")) {
      throw new Trouble(response.status >= 500 ? "busy" : "away", null, response.status);
    }
    const data = await response.json();
    const contact = contactOf(response, asked);
    if (contact) await remember("contact", contact);
    if (!response.ok) {
      const kind = KINDS[response.status] ?? (response.status >= 500 ? "busy" : "no");
      throw new Trouble(data.code === "tablet_revoked" ? "revoked" : kind, data, response.status);
    }
    return { data, contact };
  } catch (error) {
    throw error instanceof Trouble ? error : new Trouble("away");
  } finally {
    clearTimeout(bell);
  }
}

// --- Cases go to the server ----------------------------------------------------------------------------

/**
 * Cases go to the server: oldest first, at most 100 at a time, as often as it takes. The id was made with the case, so
 * sending twice stores once; a case leaves "waiting" only by the server's word on that very case.
 */

/** Rows in one request at most. */
export const AT_ONCE = 100;
const FIRST_WAIT = 2_000;
const LONGEST_WAIT = 120_000;

/** A case as the server takes it. One of another day than its opening's counts on the opening's: no time is sent. */
function wire(row, contact) {
  const { on_duty, ...facts } = row.facts;
  const sent = { id: row.id, opening: row.opening, day: row.date, ...facts };
  const happened = timeOf(row, contact);
  if (dayOf(happened) === row.date) sent.happened_at = iso(happened);
  sent.device_time = iso(row.device);
  sent.sent_at = iso(Date.now());
  if (on_duty) sent.on_duty = on_duty;
  return sent;
}

/** Send these rows and give the server's word on each, by id. A batch that it cannot read is sent in halves. */
export async function post(rows, contact) {
  try {
    const { data } = await ask("/api/v1/consultations/", rows.map((row) => wire(row, contact)));
    return new Map(data.map((result) => [result.id, result]));
  } catch (trouble) {
    if (!(trouble instanceof Trouble) || trouble.kind !== "no") throw trouble;
    if (Array.isArray(trouble.body)) return new Map(trouble.body.map((result) => [result.id, result]));
    if (rows.length === 1) {
      const said = trouble.body?.detail ? { detail: [trouble.body.detail] } : {};
      return new Map([[rows[0].id, { id: rows[0].id, status: "refused", errors: said }]]);
    }
    const middle = Math.ceil(rows.length / 2);
    const first = await post(rows.slice(0, middle), contact);
    return new Map([...first, ...(await post(rows.slice(middle), contact))]);
  }
}

/** A case that was made void on the server. */
export const UNDONE = { state: "undone", undo: false };

function settle(row, result) {
  if (row.state !== "waiting") return null;
  if (result.status !== "refused") return { ...row, ...(result.voided ? UNDONE : { state: "sent" }), errors: null, told: result.told };
  return row.undo ? { ...row, state: "undone", undo: false } : { ...row, state: "refused", errors: result.errors };
}

/** The wish to undo a case that the server has, or may have: it is made void there. */
async function sendUndone(row) {
  try {
    await ask(`/api/v1/consultations/${row.id}/void/`, { reason: row.undo });
  } catch (trouble) {
    if (!(trouble instanceof Trouble) || trouble.kind !== "no") throw trouble;
    const said = trouble.body?.detail ?? trouble.body?.errors?.non_field_errors?.[0] ?? "";
    await changeCases([row.id], (now) => ({ ...now, undo: false, errors: { undo: [said] } }));
    return;
  }
  await changeCases([row.id], (now) => ({ ...now, ...UNDONE }));
}

/**
 * A case whose opening nobody chose by hand belongs to its desk's opening of the day on which it happened. While the
 * device was away its clock may have said another day. By hand one chooses an earlier day, never one to come.
 */
function atItsDay(row, contact, openings) {
  const day = dayOf(timeOf(row, contact));
  if (row.byHand && row.date <= day) return row;
  const right = openings.filter((one) => one.desk === row.desk && one.day === day && !one.cancelled);
  return day !== row.date && right.length === 1 ? { ...row, opening: right[0].id, date: day } : row;
}

/** Makes a contact when this page has none yet, since without one no time can be told. */
async function contactNow(refresh) {
  const contact = await recall("contact");
  return contact?.life === life ? contact : (await refresh()) ?? contact;
}

export class Sender {
  #refresh;
  #tell;
  #running = null;
  #again = false;
  #misses = 0;
  #bell = null;
  #atOnce = AT_ONCE;
  #broke = false;
  #passed = new Set();

  /** ``refresh()`` asks the server for the desk and gives the contact; ``tell(kind)`` hears how a try ended. */
  constructor(refresh, tell) {
    this.#refresh = refresh;
    this.#tell = tell;
  }

  /** Try now, whatever was waited for. Resolves when the try is over, to "done" or the kind of trouble. */
  now() {
    if (this.#running) {
      this.#again = true;
      return this.#running;
    }
    clearTimeout(this.#bell);
    this.#running = this.#try().finally(() => {
      this.#running = null;
    });
    return this.#running;
  }

  /** As ``now``, and forgets how often it has failed: something has changed, be it the net or the person's mind. */
  afresh() {
    this.#misses = 0;
    return this.now();
  }

  async #try() {
    let end = "done";
    do {
      this.#again = false;
      try {
        // Two pages on one device take turns; without locks both send, which the server bears.
        const locks = navigator.locks;
        await (locks ? locks.request("mdeji-desk-log", () => this.#sendAll()) : this.#sendAll());
        this.#misses = 0;
        this.#broke = false;
        end = "done";
      } catch (trouble) {
        this.#wait();
        if (!(trouble instanceof Trouble)) throw trouble;
        end = trouble.kind;
      }
      await this.#tell(end);
    } while (this.#again && end === "done");
    return end;
  }

  async #sendAll() {
    const waits = (row) => row.state === "waiting" || (row.undo && row.state === "sent");
    if (!(await allCases()).some(waits)) return;
    const contact = await contactNow(this.#refresh);
    if (!contact) throw new Trouble("away");
    const { openings } = await recall("desk");
    const next = () => takeWaiting(this.#atOnce, (row) => atItsDay(row, contact, openings), this.#passed);
    for (let rows = await next(); rows.length; rows = await next()) {
      const results = await this.#post(rows, contact);
      const told = rows.map((row) => row.id).filter((id) => results.has(id));
      if (!told.length) throw new Trouble("busy");
      await changeCases(told, (row) => settle(row, results.get(row.id)));
      await this.#tell("going");
    }
    for (const row of (await allCases()).filter((one) => one.undo && one.state === "sent")) await sendUndone(row);
    if (!this.#passed.size) return;
    this.#passed.clear();
    throw new Trouble("busy");
  }

  /**
   * One case may be what the server breaks at. From its second error on half as many are sent at once, without waiting
   * ever longer for it, and a case that breaks it alone lets the others pass: it is tried again after them.
   */
  async #post(rows, contact) {
    try {
      const results = await post(rows, contact);
      this.#atOnce = Math.min(this.#atOnce * 2, AT_ONCE);
      this.#misses = Math.min(this.#misses, 1);
      return results;
    } catch (trouble) {
      if (trouble.status >= 500) {
        if (this.#broke && rows.length > 1) {
          this.#atOnce = Math.ceil(rows.length / 2);
          this.#misses = Math.min(this.#misses, 1);
        } else if (this.#broke) this.#passed.add(rows[0].id);
        this.#broke = true;
      }
      throw trouble;
    }
  }

  /** Ever longer, and never all devices at once: 2 to 4 s, 4 to 8 s ... up to two minutes. */
  #wait() {
    const least = Math.min(FIRST_WAIT * 2 ** this.#misses, LONGEST_WAIT / 2);
    this.#misses += 1;
    this.#bell = setTimeout(() => this.now(), least * (1 + Math.random()));
  }
}
