// SPDX-License-Identifier: AGPL-3.0-or-later
// Elements of the page. What comes from a file is only ever put in as text.

const SVG = "http://www.w3.org/2000/svg";
const ROWS_SHOWN = 200;

// An element with attributes, and children that are elements or text; empty ones are left out.
function make(name, attributes, ...children) {
  return fill(document.createElement(name), attributes, children);
}

function makeSvg(name, attributes, ...children) {
  return fill(document.createElementNS(SVG, name), attributes, children);
}

function fill(element, attributes, children) {
  for (const key of Object.keys(attributes)) {
    if (attributes[key] !== null) element.setAttribute(key, attributes[key]);
  }
  for (const child of children) {
    if (child === null || child === "") continue;
    element.appendChild(typeof child === "string" ? document.createTextNode(visible(child)) : child);
  }
  return element;
}

// Text without control characters, for which a page has no place.
function visible(text) {
  return text.replace(/[\x00-\x09\x0b-\x1f\x7f-\x9f]/g, "\ufffd");
}

// Text that somebody wrote: whatever its direction, what stands around it stays in place.
function quoted(text, lang) {
  return make("bdi", { dir: "auto", lang: lang === undefined ? null : lang }, text);
}

function chosen(names) {
  const { text, lang } = chooseText(names);
  return quoted(text, lang);
}

// Bytes as the beginning of their hexadecimal digits, all of them on a closer look.
function short(bytes) {
  const whole = toHex(bytes);
  return make("code", { title: whole }, whole.slice(0, 8));
}

// A section under a heading; nothing where it has no content.
function section(name, ...content) {
  return make("section", {}, make("h2", {}, say(name)), ...content);
}

// Terms and what they are: [message, element or text], those without content left out.
function termList(pairs) {
  const rows = pairs.filter(([, content]) => content !== null && content !== "").map(([name, content]) => (
    make("div", {}, make("dt", {}, say(name)), make("dd", {}, content))
  ));
  return make("dl", {}, ...rows);
}

// A table in a region that can be moved sideways. Columns are [message, class]; rows arrays of elements and texts, the
// first of each its heading. Of a long one the rest is shown when somebody asks for it, and on paper.
function table(caption, columns, rows) {
  const heads = columns.map(([name, kind]) => make("th", { scope: "col", class: kind || null }, say(name)));
  const body = make("tbody", {});
  const show = (some) => some.forEach((cells) => body.appendChild(make("tr", {}, ...cells.map((cell, i) => (
    make(i ? "td" : "th", { scope: i ? null : "row", class: columns[i][1] || null }, cell)
  )))));
  show(rows.slice(0, ROWS_SHOWN));
  const whole = make("table", { "aria-label": say(caption), class: columns.length > 4 ? "wide" : null },
    make("thead", {}, make("tr", {}, ...heads)), body);
  const region = make("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": say(caption) }, whole);
  if (rows.length <= ROWS_SHOWN) return region;
  const all = say("show_all", { number: numberText(rows.length) });
  const button = make("button", { type: "button", class: "more" }, all);
  button.addEventListener("click", () => {
    show(rows.slice(ROWS_SHOWN));
    button.remove();
  });
  return make("div", {}, region, button);
}
