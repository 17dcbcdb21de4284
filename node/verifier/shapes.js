// SPDX-License-Identifier: AGPL-3.0-or-later
// Shapes of decoded values: functions that say whether a value is of theirs.

const anyBytes = (value) => value instanceof Uint8Array;
const bytesOf = (length) => (value) => isBytes(value, length);
const whole = (least, most) => (value) => isBetween(value, least, most);
const count = (value) => isAtLeast(value, 0);
const flag = (value) => typeof value === "boolean";
const words = (least, most) => (value) => isText(value, least, most);
const oneOf = (text) => (value) => typeof value === "string" && text.split(" ").includes(value);
const matching = (pattern) => (value) => typeof value === "string" && pattern.test(value);
const plainWords = (least, most) => both(words(least, most), matching(/^[^\x00-\x09\x0b-\x1f\x7f-\x9f]*$/));
const listOf = (shape, least, most) => (value) => isArrayOf(value, least, most, (item) => shape(item));
const both = (shape, rule) => (value) => shape(value) && rule(value);
const either = (one, other) => (value) => one(value) || other(value);

// An array with exactly these items.
const tuple = (...shapes) => (value) => isArrayOf(value, shapes.length, shapes.length, (item, i) => shapes[i](item));

// A map whose keys and values are of these shapes.
const mapOf = (key, item, least, most) => (value) => value instanceof Map
  && isArrayOf(Array.from(value), least, most, ([name, content]) => key(name) && item(content));

// A map with these fields; those whose name ends in `?` may be left out, and unknown ones are let pass.
function fields(shapes) {
  const all = Object.keys(shapes).map((name) => [name.replace("?", ""), shapes[name], name.endsWith("?")]);
  return (value) => value instanceof Map
    && all.every(([name, shape, mayMiss]) => (value.has(name) ? shape(value.get(name)) : mayMiss));
}

// Whether byte strings stand in ascending order, none twice.
function ascends(items) {
  return items.every((item, i) => i === 0 || compareBytes(items[i - 1], item) < 0);
}

const ID = bytesOf(16);
const HASH = bytesOf(32);
const PARTY = either(ID, HASH);
const LANGUAGE_NAMES = mapOf(matching(LANGUAGE_TAG), plainWords(1, 300), 1, 32);
const SECONDS = whole(0, AT_MAX);

// Spec 17 §1.
const AMOUNT = whole(-1e15, 1e15);
const AMOUNT_FROM_0 = whole(0, 1e15);
const AMOUNT_FROM_1 = whole(1, 1e15);
const DAY = whole(-719162, 2932896);
const MONTH = whole(12, 119999);
const RATE = tuple(whole(0, 1e9), whole(1, 1e9));
const UNIT_CODE = matching(/^[A-Za-z0-9._-]{1,12}$/);
const MEMBER_CLASS = oneOf("worker user commoner coop union city nonprofit for_profit");
