/** Who signs out leaves no duties behind on the device. */

window.caches?.delete("my-duties").catch(() => {});
