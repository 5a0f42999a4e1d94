/** The sketch of the districts, to be tapped: each name ticks its tile below, and shows whether it is ticked. */

for (const map of document.querySelectorAll("[data-districts]")) {
  const show = (mark, tile) => mark.classList.toggle("chosen", tile.checked);
  for (const mark of map.querySelectorAll("[data-for]")) {
    const tile = document.getElementById(mark.dataset.for);
    mark.addEventListener("click", () => tile.click());
    tile.addEventListener("change", () => show(mark, tile));
    show(mark, tile);
  }
  map.hidden = false;
}
