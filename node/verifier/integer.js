// SPDX-License-Identifier: AGPL-3.0-or-later
// Whole numbers of 64 bits (spec 01 §1): a number where that is exact, else a Wide. Old browsers have no BigInt.

const TWO_32 = 4294967296;

// high * 2^32 + low, with `high` from -2^31 to 2^31 - 1 and `low` from 0 to 2^32 - 1: more than a number holds exactly.
class Wide {
  constructor(high, low) {
    this.high = high;
    this.low = low;
  }
}

function integerOf(high, low) {
  const number = high * TWO_32 + low;
  return Number.isSafeInteger(number) ? number : new Wide(high, low);
}

function isInteger(value) {
  return typeof value === "number" || value instanceof Wide;
}

// A number or Wide in two halves.
function halvesOf(value) {
  if (value instanceof Wide) return value;
  const high = Math.floor(value / TWO_32);
  return { high, low: value - high * TWO_32 };
}

// Whether a value is an integer from `low` to `high`, which are safe numbers.
function isBetween(value, low, high) {
  return typeof value === "number" && value >= low && value <= high;
}

// Whether a value is an integer of at least `low`, which is a safe number.
function isAtLeast(value, low) {
  return value instanceof Wide ? value.high >= 0 : typeof value === "number" && value >= low;
}

function equalIntegers(a, b) {
  const one = halvesOf(a), other = halvesOf(b);
  return one.high === other.high && one.low === other.low;
}

function isBelow(a, b) {
  const one = halvesOf(a), other = halvesOf(b);
  return one.high < other.high || (one.high === other.high && one.low < other.low);
}

// The integer before one that is above 0.
function beforeInteger(value) {
  const { high, low } = halvesOf(value);
  return low ? integerOf(high, low - 1) : integerOf(high - 1, TWO_32 - 1);
}

function hasBit(value, i) {
  if (typeof value === "number" && value < TWO_32) return i < 32 && (value >>> i) % 2 === 1;
  const { high, low } = halvesOf(value);
  return ((i < 32 ? low : high) >>> i % 32) % 2 === 1;
}

// The bits of an integer from 0 on, lowest first, without zeros at the end.
function bitsOf(value) {
  const bits = [];
  for (let i = 0; i < 64; i++) bits.push(hasBit(value, i) ? 1 : 0);
  while (bits.length && !bits[bits.length - 1]) bits.pop();
  return bits;
}

// The decimal digits of an integer, with a minus sign where it is negative.
function decimalOf(value) {
  if (typeof value === "number") return String(value);
  let { high, low } = value;
  const negative = high < 0;
  if (negative) {
    high = low ? -high - 1 : -high;
    low = low ? TWO_32 - low : 0;
  }
  let digits = "";
  while (high || low) {
    const rest = (high % 1e6) * TWO_32 + low;
    high = Math.floor(high / 1e6);
    low = Math.floor(rest / 1e6);
    digits = (high || low ? String(1e6 + (rest % 1e6)).slice(1) : String(rest % 1e6)) + digits;
  }
  return (negative ? "-" : "") + digits;
}

// A decimal number without leading zeros and below 2^63. Throws Malformed (`reason`).
function parseDecimal(text, reason) {
  const fits = /^(0|[1-9][0-9]{0,18})$/.test(text) && (text.length < 19 || text <= "9223372036854775807");
  if (!fits) throw new Malformed(reason, "not a decimal number below 2^63 in its one spelling");
  let high = 0, low = 0;
  for (const digit of text) {
    low = low * 10 + Number(digit);
    const over = Math.floor(low / TWO_32);
    high = high * 10 + over;
    low -= over * TWO_32;
  }
  return integerOf(high, low);
}

// A sum of whole numbers, each exact as a number, which itself may be larger: up to a million of them.
class Sum {
  constructor() {
    this.high = 0;
    this.low = 0;
  }

  add(number) {
    const { high, low } = halvesOf(number);
    this.high += high;
    this.low += low;
  }

  // Whether it is this integer of 64 bits.
  equals(integer) {
    const { high, low } = halvesOf(integer), over = Math.floor(this.low / TWO_32);
    return this.high + over === high && this.low - over * TWO_32 === low;
  }
}
