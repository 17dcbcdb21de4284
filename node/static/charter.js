// SPDX-License-Identifier: AGPL-3.0-or-later
// While the node starts again, the page of the charter is asked for: the answer comes when it runs. Without this, the
// page does so by itself.

const again = document.querySelector("[data-again]");
if (again) setTimeout(() => window.location.replace(again.dataset.again), 1500);
