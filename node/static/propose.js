// SPDX-License-Identifier: AGPL-3.0-or-later
// The map of the form: a click, or Enter in its middle, sets the point, over the ground of ground.js. Without this script
// the point is written in degrees, or is that of a town. Whoever chooses an offer or a need is shown what these have.
"use strict";

{
  const box = document.getElementById("map");
  if (box) pickPoint(box);
  const kind = document.getElementById("kind"), offers = document.getElementById("offer-part");
  if (kind && offers)
    kind.addEventListener("change", () => {
      if (["offer", "need"].includes(kind.value)) offers.open = true;
    });
}

async function pickPoint(box) {
  const words = JSON.parse(box.dataset.words);
  const fields = ["lat", "lon"].map((name) => document.getElementById(name));
  const status = document.getElementById("map-status");
  box.hidden = false;
  box.parentElement.classList.add("live");
  const map = openMap(box, words);
  const ground = layGround(map, box);
  let sign = null;

  const written = () => {
    const [lat, lon] = fields.map((field) => (field.value.trim() ? Number(field.value.replace(",", ".")) : NaN));
    return Math.abs(lat) <= 90 && Math.abs(lon) <= 180 ? L.latLng(lat, lon) : null;
  };

  function show(place) {
    if (!place) {
      if (sign) sign.remove();
      sign = null;
      return;
    }
    if (sign) {
      sign.setLatLng(place);
      return;
    }
    const icon = L.divIcon({ html: element("span", ""), className: "place several point", iconSize: null });
    sign = L.marker(place, { icon, draggable: true, keyboard: false, title: words.point, alt: words.point }).addTo(map);
    sign.on("dragend", () => set(sign.getLatLng()));
  }

  function set(place) {
    const digits = map.getZoom() > 14 ? 5 : 4;
    const inside = place.wrap();
    fields[0].value = inside.lat.toFixed(digits);
    fields[1].value = inside.lng.toFixed(digits);
    show(inside);
    status.textContent = words.set.replace("{place}", `${fields[0].value}, ${fields[1].value}`);
  }

  map.on("click", (event) => set(event.latlng));
  box.addEventListener("keydown", (key) => {
    if (key.key !== "Enter" || key.target !== box) return;
    key.preventDefault();
    set(map.getCenter());
  });
  for (const field of fields) field.addEventListener("change", () => {
    const place = written();
    show(place);
    if (place) map.setView(place, Math.max(map.getZoom(), 12), { animate: false });
  });

  const begun = written();
  if (begun) {
    map.setView(begun, 15, { animate: false });
    show(begun);
  } else {
    const ours = (more) => new URLSearchParams({ log: box.dataset.log, ...more }).toString();
    const [west, south, east, north] = await mostOf(ours);
    map.fitBounds([[south, west], [north, east]], { maxZoom: 12, padding: [24, 24], animate: false });
  }
  const locality = document.getElementById("locality");
  const toTown = async () => {
    if (written() || !locality.value.trim()) return;
    const { towns: [town] } = await ask(`/v1/towns?${new URLSearchParams({ name: locality.value.trim() })}`);
    if (town && !written()) map.setView([town.lat, town.lon], 13, { animate: false });
  };
  locality.addEventListener("change", () => toTown().catch(() => {}));
  if (!begun) await toTown().catch(() => {});
  map.on("moveend", () => ground.drawTowns().catch(() => {}));
  await ground.drawTowns();
  await ground.draw();
  box.dataset.ready = "yes";
}
