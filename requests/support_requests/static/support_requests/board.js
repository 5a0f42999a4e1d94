/** Drag and drop on the week board: fills the form that the pages' buttons send, too, and sends it. */

const form = document.getElementById("drop");
const takeOff = document.querySelector(".take-off");
let held = null;

for (const chip of document.querySelectorAll(".chip")) {
  chip.draggable = true;
  chip.addEventListener("dragstart", (event) => {
    held = chip;
    event.dataTransfer.effectAllowed = "move";
    event.dataTransfer.setData("text/plain", chip.textContent);
    takeOff.hidden = false;
  });
  chip.addEventListener("dragend", () => {
    held = null;
    takeOff.hidden = true;
  });
}

/** Whether the name that is held may be dropped there: on another activity, or, in the view by people, on another person. */
function isWelcome(place) {
  if (!held) return false;
  if (place.dataset.person) return held.dataset.supporter !== place.dataset.person;
  return held.dataset.leaves !== place.dataset.shift;
}

for (const place of document.querySelectorAll("[data-shift], [data-person]")) {
  place.addEventListener("dragover", (event) => {
    if (!isWelcome(place)) return;
    event.preventDefault(); // a drop is welcome
    place.classList.add("over");
  });
  place.addEventListener("dragleave", () => place.classList.remove("over"));
  place.addEventListener("drop", (event) => {
    event.preventDefault();
    place.classList.remove("over");
    if (!isWelcome(place)) return;
    const { supporter, leaves } = held.dataset;
    const { person, shift } = place.dataset;
    form.elements.supporter.value = person ?? supporter;
    form.elements.instead_of.value = person ? supporter : "";
    form.elements.leaves.value = person ? "" : leaves;
    form.elements.goes.value = person ? leaves : shift;
    form.submit();
  });
}
