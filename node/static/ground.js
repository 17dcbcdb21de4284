// SPDX-License-Identifier: AGPL-3.0-or-later
// The ground of every map: coasts and borders from outlines.json, names from /v1/towns, all of this node, or the tiles that
// the operator has set. What else is on a map is in the script of its page.
"use strict";

const EUROPE = [-20, 34, 38, 64]; // west, south, east, north; where nothing has a place
const [ROUGHLY, OUTLYING] = [4, 0.02]; // the zoom at which the first view is chosen, the part that it may leave out
const PRINTED_PIXELS = 640; // narrower than any paper
const CLOSER = [8, 12]; // the zooms at which it is looked at again

function element(name, text, attributes = {}) {
  const made = document.createElement(name);
  made.textContent = text;
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}

async function ask(path, signal) {
  const answer = await fetch(path, { signal, headers: { Accept: "application/json" } });
  if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
  return answer.json();
}

function edges(bounds) {
  const inside = (value, most) => Math.max(-most, Math.min(most, value)).toFixed(7);
  return [
    inside(bounds.getWest(), 180), inside(bounds.getSouth(), 90), inside(bounds.getEast(), 180), inside(bounds.getNorth(), 90),
  ].join(",");
}

// The box where nearly all hits of a search are: a few far away do not make a dot of the rest. Cells are looked at again
// closer up. `search` writes the search with more parameters.
async function mostOf(search) {
  const first = await ask(`/v1/clusters?${search({ zoom: ROUGHLY })}`);
  let box = around(first, OUTLYING) ?? first.bbox ?? EUROPE;
  for (const zoom of first.cells.length ? CLOSER : []) {
    box = around(await ask(`/v1/clusters?${search({ zoom, bbox: box.join(",") })}`), 0) ?? box;
  }
  return box;
}

// The box of what was told, but for a part far from the middle.
function around({ cells, places, total, bbox }, outlying) {
  const parts = [...cells, ...places.map((place) => ({ ...place, bbox: [place.lon, place.lat, place.lon, place.lat] }))];
  const middle = (axis) => {
    let left = total / 2;
    return [...parts].sort((one, other) => one[axis] - other[axis]).find((part) => (left -= part.count) <= 0)?.[axis];
  };
  const [lat, lon] = [middle("lat"), middle("lon")];
  const far = (part) => Math.hypot(part.lat - lat, part.lon - lon);
  let spare = total * outlying;
  const near = parts.sort((one, other) => far(other) - far(one)).filter((part) => (spare -= part.count) < 0);
  if (!near.length) return bbox;
  const reach = [0, 1, 2, 3].map((edge) => Math[edge < 2 ? "min" : "max"](...near.map((part) => part.bbox[edge])));
  return reach.map((value, edge) => Math[edge < 2 ? "max" : "min"](value, bbox[edge])); // cells reach beyond their entries
}

function openMap(box, words) {
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  const map = L.map(box, {
    zoomControl: false, attributionControl: false, minZoom: 1, maxZoom: 17, zoomAnimation: !still, fadeAnimation: !still,
    markerZoomAnimation: !still, inertia: !still, maxBounds: [[-89, -190], [89, 190]], maxBoundsViscosity: 0.8,
    scrollWheelZoom: false, zoomSnap: 0.5,
  });
  // On paper the map stays as it is seen: drawn anew in another size it would have gaps.
  addEventListener("beforeprint", () => {
    const { width, height } = box.getBoundingClientRect();
    Object.assign(box.style, { inlineSize: `${width}px`, blockSize: `${height}px`, zoom: Math.min(1, PRINTED_PIXELS / width) });
  });
  addEventListener("afterprint", () => Object.assign(box.style, { inlineSize: "", blockSize: "", zoom: "" }));
  const position = document.dir === "rtl" ? "topright" : "topleft";
  L.control.zoom({ zoomInTitle: words.closer, zoomOutTitle: words.farther, position }).addTo(map);
  map.on("focus", () => map.scrollWheelZoom.enable()).on("blur", () => map.scrollWheelZoom.disable());
  return map;
}

function layGround(map, box) {
  for (const [name, level] of [["ground", 200], ["towns", 350]]) map.createPane(name).style.zIndex = level;
  map.getPane("ground").style.pointerEvents = map.getPane("towns").style.pointerEvents = "none";
  const canvas = L.canvas({ pane: "ground", padding: 0.3 });
  const shapes = [];
  const towns = L.layerGroup().addTo(map);

  function colours() {
    const style = getComputedStyle(box);
    const of = (name) => style.getPropertyValue(`--map-${name}`).trim();
    for (const [shape, kind] of shapes) {
      shape.setStyle(
        kind === "land" ? { color: of("coast"), fillColor: of("land"), fillOpacity: 1, weight: 1 }
          : { color: of("border"), weight: 1.2, dashArray: "5 3" },
      );
    }
  }

  async function drawOutlines() {
    const told = await ask(box.dataset.outlines);
    const lines = told.lines.map((numbers) => {
      let x = 0, y = 0;
      const points = [];
      for (let at = 0; at < numbers.length; at += 2) points.push([(y += numbers[at + 1]) / told.unit, (x += numbers[at]) / told.unit]);
      return points;
    });
    const ring = (parts) => {
      const points = parts.flatMap((n) => (n >= 0 ? lines[n] : [...lines[~n]].reverse()).slice(1));
      let [, before] = points[0];
      return points.map(([lat, lon]) => [lat, (before = lon + 360 * Math.round((before - lon) / 360))]); // across 180 degrees
    };
    const options = { renderer: canvas, interactive: false, pane: "ground", smoothFactor: 0.6 };
    for (const parts of told.land) shapes.push([L.polygon(ring(parts), options).addTo(map), "land"]);
    for (const n of told.borders) shapes.push([L.polyline(lines[n], options).addTo(map), "border"]);
    colours();
  }

  async function drawTowns(signal) {
    if (box.dataset.tiles) return;
    const told = await ask(`/v1/towns?bbox=${edges(map.getBounds())}`, signal);
    towns.clearLayers();
    for (const town of told.towns) {
      const name = element("span", town.name, { "aria-hidden": "true" });
      const icon = L.divIcon({ html: name, className: "town", iconSize: null });
      L.marker([town.lat, town.lon], { icon, interactive: false, keyboard: false, pane: "towns" }).addTo(towns);
    }
  }

  async function draw() {
    if (box.dataset.tiles) L.tileLayer(box.dataset.tiles, { maxZoom: 19 }).addTo(map);
    else await drawOutlines();
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", colours);
  }

  return { draw, drawTowns };
}
