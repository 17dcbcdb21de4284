// SPDX-License-Identifier: AGPL-3.0-or-later
// Comfort for the import assistant: a file can be dropped, one that is too large is told at once, progress moves by
// itself. Everything works without this script, too.
"use strict";

const LOOK_MS = 400;

function watchFile(form) {
  const field = form.querySelector(".drop"), input = form.querySelector("input[type=file]");
  const fault = form.querySelector("#file-fault");
  const check = () => {
    const large = input.files.length > 0 && input.files[0].size > Number(form.dataset.bytes);
    fault.textContent = large ? form.dataset.large : "";
    input.setCustomValidity(large ? form.dataset.large : "");
  };
  input.addEventListener("change", check);
  for (const name of ["dragenter", "dragover"]) {
    field.addEventListener(name, (event) => {
      event.preventDefault();
      field.classList.add("over");
    });
  }
  field.addEventListener("dragleave", () => field.classList.remove("over"));
  field.addEventListener("drop", (event) => {
    event.preventDefault();
    field.classList.remove("over");
    if (event.dataTransfer.files.length) {
      input.files = event.dataTransfer.files;
      check();
    }
  });
}

async function watchWork(section) {
  const bar = section.querySelector("progress"), told = section.querySelector("[role=status]");
  const number = new Intl.NumberFormat(document.documentElement.lang);
  const begun = section.dataset.phase;
  for (;;) {
    await new Promise((done) => setTimeout(done, LOOK_MS));
    try {
      const answer = await fetch(section.dataset.progress, { headers: { Accept: "application/json" } });
      if (!answer.ok) break;
      const now = await answer.json();
      if (now.phase !== begun) break;
      if (now.total) {
        bar.max = now.total;
        bar.value = now.done;
        told.textContent = told.dataset.words.replace("{done}", number.format(now.done)).replace("{total}", number.format(now.total));
      }
    } catch {
      continue; // the node may be starting again
    }
  }
  location.reload();
}

async function showPlaces(box) {
  const points = await ask(box.dataset.points);
  box.hidden = false;
  box.parentElement.classList.add("live");
  const map = openMap(box, JSON.parse(box.dataset.words));
  const ground = layGround(map, box);
  map.fitBounds(points, { maxZoom: 11, padding: [24, 24], animate: false });
  const renderer = L.canvas({ padding: 0.2 }), style = getComputedStyle(box);
  const look = { renderer, radius: 4, weight: 1, color: style.getPropertyValue("--map-on-hit").trim(), fillColor: style.getPropertyValue("--map-hit").trim(), fillOpacity: 0.8, interactive: false };
  for (const point of points) L.circleMarker(point, look).addTo(map);
  map.on("moveend", () => ground.drawTowns().catch(() => {}));
  await ground.drawTowns();
  await ground.draw();
  box.dataset.ready = "yes";
}

for (const form of document.querySelectorAll(".import-file")) watchFile(form);
for (const section of document.querySelectorAll("[data-progress]")) watchWork(section);
for (const box of document.querySelectorAll("#map[data-points]")) showPlaces(box);
