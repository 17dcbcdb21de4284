// SPDX-License-Identifier: AGPL-3.0-or-later
// Putting one record on the map: the point is dragged, clicked, moved by arrow keys or typed; the fields of the form hold
// what counts. Without this script the page has a picture and the fields.
"use strict";

{
  const box = document.getElementById("map");
  if (box) placePoint(box);
}

async function placePoint(box) {
  const [point] = JSON.parse(box.dataset.points);
  const words = JSON.parse(box.dataset.words);
  const [lat, lon, precision] = ["lat", "lon", "precision"].map((name) => document.getElementById(name));
  box.hidden = false;
  box.parentElement.classList.add("live");
  document.querySelector(".live-hint").hidden = false;
  const map = openMap(box, words);
  const ground = layGround(map, box);
  map.setView([point.lat, point.lon], lat.value ? 12 : 11, { animate: false });
  const icon = L.divIcon({ html: element("span", "+"), className: "letter letter-1 movable", iconSize: null });
  const marker = L.marker([point.lat, point.lon], { icon, draggable: true, title: words.point, alt: words.point }).addTo(map);
  marker.getElement().setAttribute("aria-label", words.point);
  L.control.scale({ imperial: false }).addTo(map);

  const exactly = () => (map.getZoom() >= 15 ? "10" : map.getZoom() >= 12 ? "100" : map.getZoom() >= 9 ? "1000" : "5000");
  const told = () => {
    const where = marker.getLatLng().wrap();
    [lat.value, lon.value, precision.value] = [where.lat.toFixed(6), where.lng.toFixed(6), exactly()];
  };
  const typed = () => {
    const [north, east] = [lat, lon].map((field) => Number(field.value.replace(",", ".")));
    if (lat.value && lon.value && Math.abs(north) <= 90 && Math.abs(east) <= 180) {
      marker.setLatLng([north, east]);
      map.panTo([north, east]);
    }
  };
  marker.on("dragend", told);
  map.on("click", (click) => {
    marker.setLatLng(click.latlng);
    told();
  });
  for (const field of [lat, lon]) field.addEventListener("change", typed);
  const steps = { ArrowUp: [0, -10], ArrowDown: [0, 10], ArrowLeft: [-10, 0], ArrowRight: [10, 0] };
  marker.getElement().addEventListener("keydown", (key) => {
    if (!(key.key in steps)) return;
    key.preventDefault();
    key.stopPropagation();
    marker.setLatLng(map.containerPointToLatLng(map.latLngToContainerPoint(marker.getLatLng()).add(steps[key.key])));
    told();
  });
  map.on("moveend", () => ground.drawTowns().catch(() => {}));
  await ground.drawTowns();
  await ground.draw();
  box.dataset.ready = "yes";
}
