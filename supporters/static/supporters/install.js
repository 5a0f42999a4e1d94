/** Lets the browser keep the next duties for when the net is gone: see templates/supporters/worker.js. */

if ("serviceWorker" in navigator) {
  const address = new URL(document.querySelector("link[rel=manifest]").dataset.worker, location.href).href;
  const policy = window.trustedTypes?.createPolicy("my-page", { createScriptURL: () => address });
  navigator.serviceWorker.register(policy ? policy.createScriptURL("") : address).catch(() => {});
}
