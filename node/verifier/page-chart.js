// SPDX-License-Identifier: AGPL-3.0-or-later
// A picture of contributions over time: a bar for each month, or each year where there are many.

const CHART = { widthMin: 280, widthMax: 640, height: 180, left: 34, bottom: 24, top: 10, barsMin: 12, barsMax: 36 };
const LABEL_WIDTH = 52;

// The chart of [month, whether it was a gift]; null where there is nothing to show.
function contributionChart(given) {
  if (!given.length) return null;
  const months = given.map(([month]) => month), last = months.reduce((one, other) => Math.max(one, other));
  const first = months.reduce((one, other) => Math.min(one, other), last - CHART.barsMin + 1);
  const step = last - first < CHART.barsMax ? 1 : 12;
  const begin = step === 1 ? first : Math.floor(first / 12) * 12;
  const bars = Array.from({ length: Math.floor((last - begin) / step) + 1 }, (_, i) => (
    { month: begin + i * step, gifts: 0, others: 0 }
  ));
  for (const [month, isGift] of given) bars[Math.floor((month - begin) / step)][isGift ? "gifts" : "others"]++;
  return make("figure", { class: "chart" }, drawBars(bars, step), chartLegend(bars));
}

function drawBars(bars, step) {
  const { widthMin, widthMax, height, left, bottom, top } = CHART, floor = height - bottom;
  const width = Math.max(widthMin, Math.min(widthMax, document.documentElement.clientWidth - 32));
  const most = Math.max(...bars.map(({ gifts, others }) => gifts + others));
  const wide = (width - left) / bars.length, tall = (floor - top) / most;
  const picture = makeSvg("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-labelledby": "chart-title" },
    makeSvg("title", { id: "chart-title" }, say("chart")), hatching());
  for (const number of new Set([most, Math.ceil(most / 2)])) {
    const y = floor - number * tall;
    picture.appendChild(makeSvg("path", { d: `M${left} ${y}H${width}`, class: "line" }));
    picture.appendChild(makeSvg("text", { x: left - 6, y: y + 4, "text-anchor": "end" }, numberText(number)));
  }
  const everyOther = Math.ceil(LABEL_WIDTH / wide);
  bars.forEach(({ month, gifts, others }, i) => {
    const x = left + (i + 0.12) * wide, bar = { x, width: wide * 0.76 };
    picture.appendChild(makeSvg("rect", Object.assign({
      y: floor - others * tall, height: others * tall, class: "others",
    }, bar)));
    picture.appendChild(makeSvg("rect", Object.assign({
      y: floor - (others + gifts) * tall, height: gifts * tall, class: "gifts", fill: "url(#hatching)",
    }, bar)));
    if (i % everyOther) return;
    const name = monthText(month, step === 12 || month % 12 === 0 ? { year: "numeric" } : { month: "short" });
    picture.appendChild(makeSvg("text", { x: x + wide * 0.38, y: height - 6, "text-anchor": "middle" }, name));
  });
  picture.appendChild(makeSvg("path", { d: `M${left} ${floor}H${width}`, class: "axis" }));
  return picture;
}

// What tells gifts from the rest without colour.
function hatching() {
  const lines = makeSvg("path", { d: "M-1 1L1 -1M0 6L6 0M5 7L7 5", class: "hatch" });
  return makeSvg("defs", {}, makeSvg("pattern", {
    id: "hatching", width: 6, height: 6, patternUnits: "userSpaceOnUse",
  }, lines));
}

function chartLegend(bars) {
  const sum = (name) => bars.reduce((total, bar) => total + bar[name], 0);
  const entry = (kind, code, paint) => make("span", { class: "legend" },
    makeSvg("svg", { viewBox: "0 0 14 14", class: "square", "aria-hidden": "true" },
      makeSvg("rect", { width: 14, height: 14, class: kind, fill: paint })),
    ` ${say("counted", { what: label("expects", code), number: numberText(sum(kind)) })}`);
  return make("figcaption", {}, entry("others", "reciprocity", null), entry("gifts", "none", "url(#hatching)"));
}
