/** What the device knows of its desk: the server's last answer, which opening is logged for, and who is on duty. */

import { dayOf, life, minutesFast, recall, remember } from "./device.js";
import { ask } from "./server.js";

const FRESH = { openings: [], common_topics: [] };
/** By more than this the clock was not merely read late. */
const CHANGED = 60_000;

export class Desk {
  #facts = null;
  contact = null;
  opening = null;
  /** The number of an opening that was asked for and that is not known yet. Until it is, nothing is logged for another. */
  wanted = null;

  async load() {
    this.#facts = (await recall("desk")) ?? null;
    this.contact = (await recall("contact")) ?? null;
    const chosen = await recall("opening");
    if (chosen) this.opening = chosen;
  }

  get known() {
    return this.#facts !== null;
  }

  /** Whether a hall's tablet does this: it has no account, so what takes one is not for it. */
  get isTablet() {
    return Boolean(this.#facts?.device);
  }

  /** Somebody asked for this opening. Where the device does not know it, only the server can tell which it is. */
  async want(number) {
    const kept = this.named(number);
    if (kept && this.openings.includes(kept)) return this.choose(kept, true);
    this.wanted = number;
    this.opening = null;
  }

  /** The opening of this number, of whatever day, as far as the device knows. */
  named(number) {
    return (this.#facts ?? FRESH).openings.find((one) => one.id === number);
  }

  /**
   * Ask the server, also for the opening ``number``, or else the chosen one, on whatever day. Nothing is logged any more
   * for one that it no longer names. Gives the contact; throws Trouble.
   */
  async refresh(number = null) {
    const asked = number ?? this.opening?.id;
    const { data, contact } = await ask("/api/v1/desk/");
    const besides = asked && !data.openings.some((one) => one.id === asked) ? await this.#only(asked) : [];
    this.#facts = { ...data, openings: [...besides, ...data.openings] };
    this.contact = contact ?? this.contact;
    await remember("desk", this.#facts);
    const now = this.named(asked);
    if (number) await this.want(number);
    else if (now) await this.choose(now);
    else if (this.opening) await this.#leave();
    return contact;
  }

  async #only(number) {
    const { data } = await ask(`/api/v1/desk/?opening=${number}`);
    return data.openings;
  }

  get common() {
    return (this.#facts ?? FRESH).common_topics;
  }

  /** Now by the server's clock, as far as one knows, in ms. */
  get now() {
    return Date.now() + (this.contact?.offset ?? 0);
  }

  get today() {
    return dayOf(this.now);
  }

  /**
   * Whether the day may be wrong: the clock stands before the last contact, or it went another way than the time since
   * the page was opened. It was changed, then, or the device slept; only the server knows.
   */
  get isUnsure() {
    const { contact } = this;
    if (!contact) return false;
    const counted = contact.server + performance.now() - contact.mono;
    const strayed = contact.life === life && Math.abs(this.now - counted) > CHANGED;
    return strayed || this.now < contact.server - CHANGED;
  }

  get minutesFast() {
    return this.contact ? minutesFast(this.contact) : 0;
  }

  /** Those that may be chosen: today's first, then earlier ones; all of them when the day may be wrong. */
  get openings() {
    const today = this.today;
    const all = (this.#facts ?? FRESH).openings;
    const held = this.isUnsure ? all : all.filter((one) => one.day <= today);
    return [...held].sort((one, other) => (other.day === today) - (one.day === today));
  }

  /** Go on with what is chosen for today, or with the one opening of today. Gives whether one is chosen. */
  async settle() {
    if (this.wanted) return false;
    const today = this.today;
    if (this.opening && [this.opening.day, this.opening.byHand].includes(today)) return true;
    const todays = this.isUnsure ? [] : this.openings.filter((one) => one.day === today && !one.cancelled);
    if (todays.length === 1) await this.choose(todays[0]);
    else this.opening = null;
    return this.opening !== null;
  }

  /** ``byHand``: somebody tapped it, so it holds for today whatever its day; else it stays as it was chosen. */
  async choose(opening, byHand = false) {
    if (byHand) this.wanted = null;
    const before = this.opening?.id === opening.id ? this.opening.byHand : null;
    this.opening = { ...opening, byHand: byHand ? this.today : before };
    await remember("opening", this.opening);
  }

  async #leave() {
    this.opening = null;
    await remember("opening", null);
  }

  /** The number of the one on duty who tapped the own name last at this opening, or null. */
  async person() {
    const last = await recall("person");
    return last?.opening === this.opening?.id ? last.person : null;
  }

  setPerson(person) {
    return remember("person", { opening: this.opening.id, person });
  }
}
