/** Renews the figures of today's desks while the page is looked at. Without it, the button does. */

const EVERY = 30_000;

async function renew(table) {
  if (document.hidden) return;
  const response = await fetch(new URL(table.dataset.live, location.href), { headers: { Accept: "application/json" } });
  if (!response.ok || response.redirected) return;
  const seen = await response.json();
  document.querySelector("[data-at]").textContent = seen.at;
  document.querySelector("[data-total]").textContent = seen.total;
  for (const [opening, { count, latest }] of Object.entries(seen.openings)) {
    const cell = table.querySelector(`[data-count="${opening}"]`);
    if (!cell) return location.reload(); // an opening that was not there when the page was fetched
    cell.textContent = count;
    table.querySelector(`[data-latest="${opening}"]`).textContent = latest || "–";
  }
}

const table = document.querySelector("[data-live]");
if (table) {
  const again = () => renew(table).catch(() => {}); // without a connection the last figures stand, with their time
  setInterval(again, EVERY);
  document.addEventListener("visibilitychange", again);
}
