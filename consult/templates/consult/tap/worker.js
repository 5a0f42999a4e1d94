/**
 * Keeps the log's page, so that it opens without the net. It answers for the page and its files alone, always from what
 * it keeps; the API goes past it. A new version is fetched whole, or the old one stays. The page is kept in the language
 * in which it was opened last (page.js notes which), in others from when they are first asked for.
 */
"use strict";

const KEPT = {{ kept|safe }};
const CACHE = `desk-log-${KEPT.version}`;
const SETTINGS = "desk-log-settings";
const PATIENCE = 10_000;
const shell = (language) => `${KEPT.page}?lang=${language}&kept=1`;

self.addEventListener("install", (event) => {
  event.waitUntil(keepAll().then(() => self.skipWaiting()));
});

self.addEventListener("activate", (event) => {
  event.waitUntil(dropOldOnes().then(() => self.clients.claim()));
});

self.addEventListener("fetch", (event) => {
  const address = new URL(event.request.url);
  if (event.request.method !== "GET" || address.origin !== self.location.origin) return;
  if (event.request.mode === "navigate") {
    if (address.pathname === KEPT.page) event.respondWith(page(event.request, address));
  } else if (KEPT.files.includes(address.pathname)) {
    event.respondWith(file(event.request));
  }
});

async function keepAll() {
  await Promise.all([keepPage(await language()), ...KEPT.files.map((path) => keep(path))]);
}

/** Throws also when the server has a newer page by now, whose files are others. */
async function keepPage(language, signal) {
  return keep(shell(language), (response) => response.headers.get("X-Version") === KEPT.version, signal);
}

/** Nobody's own page: without cookies. Gives what is kept from now on; throws when it cannot be had. */
async function keep(path, isRight = () => true, signal = undefined) {
  const response = await fetch(path, { credentials: "omit", cache: KEPT.fetch, signal });
  if (!response.ok || response.redirected || !isRight(response)) throw new Error(`${path}: ${response.status}`);
  const cache = await caches.open(CACHE);
  await cache.put(path, response.clone());
  return response;
}

async function dropOldOnes() {
  const names = await caches.keys();
  const old = names.filter((name) => name.startsWith("desk-log-") && name !== CACHE && name !== SETTINGS);
  await Promise.all(old.map((name) => caches.delete(name)));
}

/** The language in which the page was opened last. */
async function language() {
  const noted = await (await caches.open(SETTINGS)).match("language");
  return noted ? noted.text() : KEPT.languages[0];
}

/** In the language that is asked for; without the net, in one that is kept. */
async function page(request, address) {
  const cache = await caches.open(CACHE);
  const kept = (one) => cache.match(shell(one), { ignoreVary: true });
  const last = await language();
  const asked = address.searchParams.get("lang");
  const wanted = KEPT.languages.includes(asked) ? asked : last;
  const found = await kept(wanted);
  if (found) return found;
  try {
    return await keepPage(wanted, AbortSignal.timeout(PATIENCE));
  } catch {
    return (await kept(last)) ?? fetch(request);
  }
}

async function file(request) {
  const cache = await caches.open(CACHE);
  return (await cache.match(request, { ignoreVary: true, ignoreSearch: true })) ?? fetch(request);
}
