// SPDX-License-Identifier: AGPL-3.0-or-later
// The page's own words, in the language of the reader, and numbers and dates as that language writes them.

const WORDS = {};
const DECIMAL_POINT = ["en"]; // the other languages here write a comma
const DAY_S = 86400;
let language = "en";

// Takes the first of these language tags that there are words for.
function chooseLanguage(tags) {
  const found = tags.map((tag) => tag.toLowerCase().split("-")[0]).find((tag) => WORDS.hasOwnProperty(tag));
  language = found || "en";
}

// A message with values put in.
function say(name, values) {
  return WORDS[language].messages[name].replace(/\{(\w+)\}/g, (_, key) => values[key]);
}

// What a code of a closed list means; the code itself where that is not known.
function label(group, code) {
  const labels = WORDS[language][group];
  return labels.hasOwnProperty(code) ? labels[code] : code;
}

function hasLabel(group, code) {
  return WORDS.en[group].hasOwnProperty(code);
}

function numberText(number) {
  return typeof number === "number" ? number.toLocaleString(language) : decimalOf(number);
}

// An amount in the smallest part of its unit, with as many decimals as the unit has.
function amountText(amount, scale) {
  const text = decimalOf(amount), sign = text[0] === "-" ? "\u2212" : "";
  const digits = text.replace("-", "").padStart(scale + 1, "0");
  const [thousands, point] = DECIMAL_POINT.includes(language) ? [",", "."] : ["\u00a0", ","];
  const wholes = digits.slice(0, digits.length - scale).replace(/\B(?=([0-9]{3})+$)/g, thousands);
  return sign + wholes + (scale ? point + digits.slice(-scale) : "");
}

// A day by its number since 1970-01-01.
function dayText(day) {
  return dateText(day * DAY_S, {});
}

// A moment in UTC seconds.
function timeText(seconds) {
  return `${dateText(seconds, { hour: "2-digit", minute: "2-digit" })} UTC`;
}

function dateText(seconds, more) {
  const date = new Date(typeof seconds === "number" ? seconds * 1000 : NaN);
  if (isNaN(date)) return decimalOf(seconds);
  const options = { timeZone: "UTC", year: "numeric", month: "short", day: "numeric" };
  return date.toLocaleString(language, Object.assign(options, more));
}

// A month by its number: 12 * year + month - 1.
function monthText(month, options) {
  const date = new Date(Date.UTC(2000, month % 12, 1));
  date.setUTCFullYear(Math.floor(month / 12));
  return date.toLocaleDateString(language, Object.assign({ timeZone: "UTC" }, options));
}

// Of a map from language tag to text the one that the reader wants, as {text, lang}.
function chooseText(names) {
  const tags = Array.from(names.keys()), primary = (tag) => tag.toLowerCase().split("-")[0];
  const tag = tags.find((one) => primary(one) === language) || (names.has("und") ? "und" : tags[0]);
  return { text: names.get(tag), lang: tag === "und" || !LANGUAGE_TAG.test(tag) ? "" : tag };
}
