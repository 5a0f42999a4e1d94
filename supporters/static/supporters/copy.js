/** Gives every field marked data-copy its button to copy. Without this, the address is selected and copied by hand. */

for (const button of document.querySelectorAll("button[data-copy]")) {
  if (!navigator.clipboard) continue; // not on a page without https
  button.hidden = false;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).value);
    button.nextElementSibling.textContent = button.dataset.done; // a status: read aloud
  });
}
