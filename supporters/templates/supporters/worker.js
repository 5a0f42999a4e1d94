/**
 * Without the net every page of a supporter becomes one: the next duties, as they were when the net was there last.
 * With the net it stays out of the way. It keeps nobody's duties but those of whoever is signed in: once the server
 * says that nobody is, they go (supporters/static/supporters/forget.js does so at once on signing out).
 */
"use strict";

const KEPT = {{ kept|safe }};
const SHELL = `my-page-${KEPT.version}`;
const MINE = "my-duties";
const EMPTY = `${KEPT.page}?empty=1`;

self.addEventListener("install", (event) => {
  event.waitUntil(Promise.all([keepShell(), keepMine()]).then(() => self.skipWaiting()));
});

self.addEventListener("activate", (event) => {
  event.waitUntil(dropOldOnes().then(() => self.clients.claim()));
});

self.addEventListener("fetch", (event) => {
  const address = new URL(event.request.url);
  if (event.request.method !== "GET" || address.origin !== self.location.origin) return;
  if (event.request.mode === "navigate") {
    event.respondWith(page(event));
  } else if (KEPT.files.includes(address.pathname)) {
    event.respondWith(fetch(event.request).catch(() => kept(SHELL, address.pathname)));
  }
});

async function page(event) {
  try {
    const answer = await fetch(event.request);
    const { pathname } = new URL(event.request.url);
    const fresh = KEPT.fresh.some((path, place) => (place === 0 ? pathname === path : pathname.startsWith(path)));
    if (fresh) event.waitUntil(keepMine().catch(() => {}));
    return answer;
  } catch {
    return (await kept(MINE, KEPT.page)) ?? (await kept(SHELL, EMPTY)) ?? Response.error();
  }
}

async function keepShell() {
  const cache = await caches.open(SHELL);
  await cache.addAll([EMPTY, ...KEPT.files]);
}

/** The next duties of whoever is signed in; what was kept of somebody before goes. */
async function keepMine() {
  const answer = await fetch(KEPT.page);
  const cache = await caches.open(MINE);
  if (answer.ok && answer.headers.get(KEPT.header) === "mine") await cache.put(KEPT.page, answer);
  else if (answer.ok) await cache.delete(KEPT.page);
}

async function kept(name, path) {
  return (await caches.open(name)).match(path, { ignoreVary: true });
}

async function dropOldOnes() {
  const names = await caches.keys();
  const old = names.filter((name) => name.startsWith("my-page-") && name !== SHELL);
  await Promise.all(old.map((name) => caches.delete(name)));
}
