// SPDX-License-Identifier: AGPL-3.0-or-later
// While a backup is written or everything is checked, the progress is looked at again every two seconds. Without this,
// there is a link.

const again = async () => {
  const shown = [...document.querySelectorAll("[data-running]")];
  if (!shown.length) return;
  try {
    const answer = await fetch("/steward/health", { headers: { Accept: "text/html" } });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const one of shown) {
      const now = page.getElementById(one.id);
      if (!now) {
        window.location.reload();
        return;
      }
      one.querySelector("p").textContent = now.querySelector("p").textContent;
    }
  } catch {
    // the node may be busy: it is asked again
  }
  setTimeout(again, 2000);
};
setTimeout(again, 1000);
