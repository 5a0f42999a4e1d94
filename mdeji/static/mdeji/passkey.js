/** Forms marked data-passkey ask the device for a passkey ("get") or to make one ("create"), and send what it gave.
 *  Without this, or on a device that has none, they stay hidden: a code by mail or SMS does as well. */

const ask = {
  async get(form) {
    const answer = await fetch(form.action, { headers: { Accept: "application/json" } });
    const { publicKey } = (await answer.json()).request_options;
    return navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(publicKey) });
  },
  async create(form) {
    const body = new URLSearchParams({ csrfmiddlewaretoken: form.elements.csrfmiddlewaretoken.value });
    const { publicKey } = await (await fetch(form.action, { method: "POST", body })).json();
    return navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(publicKey) });
  },
};

for (const form of document.querySelectorAll("form[data-passkey]")) {
  if (!window.PublicKeyCredential?.parseRequestOptionsFromJSON) continue;
  form.hidden = false;
  form.querySelector("button").addEventListener("click", async () => {
    const status = form.querySelector("[role=status]");
    status.textContent = "";
    try {
      form.elements.credential.value = JSON.stringify(await ask[form.dataset.passkey](form));
      form.submit();
    } catch {
      status.textContent = status.dataset.failed; // cancelled, none there, or no connection: the code is the other way
    }
  });
}
