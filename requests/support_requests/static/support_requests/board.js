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

for (const place of document.querySelectorAll("[data-shift]")) {
  place.addEventListener("dragover", (event) => {
    if (!held || held.dataset.leaves === place.dataset.shift) return;
    event.preventDefault(); // a drop is welcome
    place.classList.add("over");
  });
  place.addEventListener("dragleave", () => place.classList.remove("over"));
  place.addEventListener("drop", (event) => {
    event.preventDefault();
    place.classList.remove("over");
    if (!held) return;
    form.elements.supporter.value = held.dataset.supporter;
    form.elements.leaves.value = held.dataset.leaves;
    form.elements.goes.value = place.dataset.shift;
    form.submit();
  });
}
