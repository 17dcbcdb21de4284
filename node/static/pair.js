// SPDX-License-Identifier: AGPL-3.0-or-later
// A map of two records that may be one: both points and the line between them, over the ground of ground.js. Choosing
// which one is kept chooses its fields too. Without this script the page shows a picture, and every field has its choice.
"use strict";

{
  const box = document.getElementById("map");
  for (const keep of document.querySelectorAll("input[name=keep]")) {
    keep.addEventListener("change", () => {
      for (const take of document.querySelectorAll("label.take input")) {
        const text = take.closest("label").querySelector(".text");
        if (take.value === keep.value && text) take.checked = true;
      }
    });
  }
  if (box) showPoints(box);
}

async function showPoints(box) {
  const points = JSON.parse(box.dataset.points);
  box.hidden = false;
  box.parentElement.classList.add("live");
  const map = openMap(box, JSON.parse(box.dataset.words));
  const ground = layGround(map, box);
  const places = points.map((point) => [point.lat, point.lon]);
  if (places.length > 1) L.polyline(places, { color: getComputedStyle(box).getPropertyValue("--map-offer"), weight: 3, dashArray: "6 4", interactive: false }).addTo(map);
  points.forEach((point, number) => {
    const icon = L.divIcon({ html: element("span", point.letter), className: `letter letter-${number + 1}`, iconSize: null });
    L.marker([point.lat, point.lon], { icon, keyboard: false, interactive: false }).addTo(map);
  });
  L.control.scale({ imperial: false }).addTo(map);
  map.fitBounds(places, { maxZoom: 16, padding: [48, 48], animate: false });
  map.on("moveend", () => ground.drawTowns().catch(() => {}));
  await ground.drawTowns();
  await ground.draw();
  box.dataset.ready = "yes";
}
