// SPDX-License-Identifier: AGPL-3.0-or-later
// The map beside the list: hits from /v1/clusters over the ground of ground.js, all of this node. Texts of records are
// put in as text, never as HTML. Without this script the page shows /map.svg.
"use strict";

const box = document.getElementById("map");
const words = JSON.parse(box.dataset.words);
const language = document.documentElement.lang;
const number = new Intl.NumberFormat(language);
const MARKERS_MAX = 150; // more places than these are drawn on a canvas, without an element for each
const LISTED = 12;
const PAUSE_MS = 150;

function ofLanguage(texts) {
  const wanted = [language, ...navigator.languages].map((tag) => tag.split("-")[0]);
  const tag = wanted.find((one) => one in texts) ?? Object.keys(texts)[0];
  return { text: texts[tag], lang: tag === "und" ? "" : tag };
}

function search(more) {
  const asked = new URLSearchParams(box.dataset.search);
  for (const [name, value] of Object.entries(more)) asked.set(name, value);
  return asked.toString();
}

const map = openMap(box, words);
const ground = layGround(map, box);

// The hits

const hits = L.layerGroup().addTo(map);
const dots = L.canvas({ padding: 0.2 });

function marker(position, html, className, label, open) {
  const made = L.marker(position, { icon: L.divIcon({ html, className, iconSize: null }), riseOnHover: true });
  made.on("add", () => made.getElement().setAttribute("aria-label", label));
  made.on("click", open);
  made.on("keydown", ({ originalEvent: key }) => {
    if (key.key === "Enter" || key.key === " ") {
      key.preventDefault();
      open();
    }
  });
  return made.addTo(hits);
}

function drawCell(cell) {
  const [west, south, east, north] = cell.bbox;
  const label = words.cluster.replace("{number}", number.format(cell.count));
  const size = `cluster size-${String(cell.count).length}`;
  const closer = () => {
    if (map.getZoom() >= map.getMaxZoom()) showList([cell.lat, cell.lon], cell.bbox.join(","), box);
    else map.fitBounds([[south, west], [north, east]], { maxZoom: Math.max(map.getZoom() + 2, 3) });
  };
  marker([cell.lat, cell.lon], element("span", number.format(cell.count)), size, label, closer);
}

function icon(kind) {
  const [svg, use] = ["svg", "use"].map((name) => document.createElementNS("http://www.w3.org/2000/svg", name));
  svg.setAttribute("aria-hidden", "true");
  use.setAttribute("href", `${box.dataset.icons}#${kind}`);
  svg.append(use);
  return svg;
}

function drawPlace(place, few) {
  const position = [place.lat, place.lon];
  const spot = [place.lon, place.lat, place.lon, place.lat].map((value) => value.toFixed(7)).join(",");
  const kind = Object.hasOwn(words.kinds, place.kind) ? place.kind : "several";
  if (few) {
    const one = place.name ? `${ofLanguage(place.name).text}, ${words.kinds[place.kind] ?? place.kind}` : words.kinds[place.kind] ?? place.kind;
    const label = place.count > 1 ? words.together.replace("{number}", number.format(place.count)) : one;
    const sign = place.count > 1 ? element("span", number.format(place.count)) : icon(kind);
    const made = marker(position, sign, `place ${kind}`, label, () => showList(position, spot, made.getElement()));
    return;
  }
  const colour = getComputedStyle(box).getPropertyValue(`--map-${kind === "offer" || kind === "need" ? "offer" : "hit"}`).trim();
  const style = { renderer: dots, radius: place.count > 1 ? 8 : 6, weight: 1.5, color: "#fff", fillColor: colour, fillOpacity: 0.9 };
  L.circleMarker(position, style).on("click", () => showList(position, spot, box)).addTo(hits);
}

async function showList(position, spot, from) {
  const list = element("ul", "");
  const told = await ask(`/v1/records?${search({ bbox: spot, limit: LISTED })}`);
  for (const record of told.records) {
    const { text, lang } = ofLanguage(record.name);
    const item = element("li", "");
    const link = element("a", text, { href: `/record/${record.log}/${record.id}`, lang, dir: "auto" });
    if (box.dataset.target) link.target = box.dataset.target;
    item.append(link, element("span", words.kinds[record.kind] ?? record.kind));
    list.append(item);
  }
  if (told.total > told.records.length) {
    const item = element("li", "");
    item.append(element("a", words.all.replace("{number}", number.format(told.total)), { href: `${box.dataset.list}?${search({ bbox: spot })}` }));
    list.append(item);
  }
  const popup = L.popup({ maxWidth: 280, closeButton: true, autoPanPadding: [20, 20] }).setLatLng(position).setContent(list).openOn(map);
  const close = popup.getElement().querySelector(".leaflet-popup-close-button");
  close.setAttribute("aria-label", words.close);
  close.href = "#map";
  list.querySelector("a")?.focus();
  popup.getElement().addEventListener("keydown", (key) => key.key === "Escape" && map.closePopup(popup));
  popup.on("remove", () => (from.isConnected ? from : box).focus({ preventScroll: true }));
}

const status = document.getElementById("map-status");
const here = document.getElementById("map-here");
let asking = new AbortController();
let waiting = 0;

async function refresh() {
  asking.abort();
  asking = new AbortController();
  const { signal } = asking;
  const asked = search({ zoom: Math.round(map.getZoom()), bbox: edges(map.getBounds()) });
  try {
    const told = await ask(`/v1/clusters?${asked}`, signal);
    hits.clearLayers();
    told.cells.forEach(drawCell);
    told.places.forEach((place) => drawPlace(place, told.places.length <= MARKERS_MAX));
    status.textContent = words.shown.replace("{number}", number.format(told.total));
    if (here) here.href = `${box.dataset.list}?${search({ bbox: edges(map.getBounds()) })}`;
    await ground.drawTowns(signal);
  } catch (fault) {
    if (fault.name !== "AbortError") status.textContent = words.fault;
  }
}

async function start() {
  const asked = new URLSearchParams(box.dataset.search).get("bbox");
  const [west, south, east, north] = asked ? asked.split(",").map(Number) : await mostOf(search);
  map.fitBounds([[south, west], [north, east]], { maxZoom: box.dataset.tiles ? 15 : 13, padding: [24, 24], animate: false });
  map.on("moveend", () => {
    clearTimeout(waiting);
    waiting = setTimeout(refresh, PAUSE_MS);
  });
  await refresh();
  await ground.draw();
  box.dataset.ready = "yes";
}

box.hidden = false;
box.parentElement.classList.add("live");
map.invalidateSize();
start().catch(() => (status.textContent = words.fault));
