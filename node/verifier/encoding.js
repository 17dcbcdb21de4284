// SPDX-License-Identifier: AGPL-3.0-or-later
// Deterministic MessagePack with limits (spec 01): one value, one spelling.
//
// Integers are numbers or Wide (integer.js), bytes Uint8Array, arrays Array, and maps Map: a map's keys come from
// strangers, and a Map has no others.

const LIMITS = { inputBytes: 65536, stringBytes: 65535, arrayElements: 4096, mapEntries: 256, depth: 8 };

// What follows the first byte of a longer form: the sort of value, and how many bytes its number or length has.
const LONG_FORMS = {
  0xc4: ["bytes", 1], 0xc5: ["bytes", 2], 0xc6: ["bytes", 4],
  0xcc: ["natural", 1], 0xcd: ["natural", 2], 0xce: ["natural", 4], 0xcf: ["natural", 8],
  0xd0: ["negative", 1], 0xd1: ["negative", 2], 0xd2: ["negative", 4], 0xd3: ["negative", 8],
  0xd9: ["text", 1], 0xda: ["text", 2], 0xdb: ["text", 4],
  0xdc: ["array", 2], 0xdd: ["array", 4], 0xde: ["map", 2], 0xdf: ["map", 4],
};
// The least length that needs each width of a longer form; shorter ones would be a second spelling.
const LEAST = {
  bytes: { 1: 0, 2: 256, 4: 65536 },
  text: { 1: 32, 2: 256, 4: 65536 },
  array: { 2: 16, 4: 65536 },
  map: { 2: 16, 4: 65536 },
};

// How long floats and extensions of a fixed length are after their first byte.
const SKIPPED = { 0xca: 4, 0xcb: 8, 0xd4: 2, 0xd5: 3, 0xd6: 5, 0xd7: 9, 0xd8: 17 };

// The value that these bytes spell. Throws Malformed unless they are its one encoding within the limits.
function decode(data, limits = LIMITS) {
  if (data.length > limits.inputBytes) throw new Malformed("too_large", `more than ${limits.inputBytes} bytes`);
  const reader = new Reader(data, limits);
  const value = reader.value(limits.depth);
  if (reader.at !== data.length) throw new Malformed("trailing", "bytes after the value");
  return value;
}

class Reader {
  constructor(data, limits = LIMITS, at = 0) {
    this.data = data;
    this.limits = limits;
    this.at = at;
  }

  // The next value; `room` is how many levels may still be opened.
  value(room) {
    const { sort, number } = this.head();
    if (sort === "integer") return number;
    if (sort === "boolean") return number === 1;
    if (sort === "bytes") return this.bytes(number);
    if (sort === "text") return this.text(number);
    if (room === 0) throw new Malformed("too_deep", `nested deeper than ${this.limits.depth}`);
    return sort === "array" ? this.array(number, room) : this.map(number, room);
  }

  // Goes past a value of whatever MessagePack knows, in any spelling.
  skip() {
    for (let left = 1; left > 0; left--) {
      const first = this.bytes(1)[0], form = LONG_FORMS[first];
      if (first === 0xc1) throw new Malformed("extension", "a type that does not exist");
      if (first >= 0x80 && first < 0x90) left += 2 * (first - 0x80);
      else if (first >= 0x90 && first < 0xa0) left += first - 0x90;
      else if (first >= 0xa0 && first < 0xc0) this.bytes(first - 0xa0);
      else if (first in SKIPPED) this.bytes(SKIPPED[first]);
      else if (first >= 0xc7 && first <= 0xc9) this.bytes(this.natural(1 << (first - 0xc7)) + 1);
      else if (form) left += this.skipLong(form);
    }
  }

  // How many values there are in what begins with a long form.
  skipLong([sort, width]) {
    if (sort === "natural" || sort === "negative") this.bytes(width);
    else if (sort === "array") return this.natural(width);
    else if (sort === "map") return 2 * this.natural(width);
    else this.bytes(this.natural(width));
    return 0;
  }

  head() {
    const first = this.bytes(1)[0];
    if (first < 0x80) return { sort: "integer", number: first };
    if (first < 0x90) return { sort: "map", number: first - 0x80 };
    if (first < 0xa0) return { sort: "array", number: first - 0x90 };
    if (first < 0xc0) return { sort: "text", number: first - 0xa0 };
    if (first >= 0xe0) return { sort: "integer", number: first - 0x100 };
    if (first === 0xc2 || first === 0xc3) return { sort: "boolean", number: first - 0xc2 };
    const form = LONG_FORMS[first];
    if (form === undefined) throw new Malformed(...forbidden(first));
    const [sort, width] = form;
    if (sort === "natural" || sort === "negative") return { sort: "integer", number: this.integer(sort, width) };
    const number = this.natural(width);
    if (number < LEAST[sort][width]) throw new Malformed("not_canonical", "a length in a longer form than it needs");
    return { sort, number };
  }

  natural(width) {
    return this.bytes(width).reduce((sum, byte) => sum * 256 + byte, 0);
  }

  integer(sort, width) {
    const high = width === 8 ? this.natural(4) | 0 : 0;
    const low = this.natural(Math.min(width, 4));
    const number = width === 8 ? integerOf(high, low) : low;
    if (sort === "natural") {
      if (high < 0) throw new Malformed("integer_range", "an integer that does not fit 64 bits with sign");
      if (!isAtLeast(number, { 1: 128, 2: 256, 4: 65536, 8: TWO_32 }[width])) throw longForm();
      return number;
    }
    const signed = width === 8 || low < 256 ** width / 2 ? number : low - 256 ** width;
    const most = { 1: -32, 2: -128, 4: -32768, 8: -2147483648 }[width];
    if (isAtLeast(signed, most) || (signed instanceof Wide && signed.high >= 0)) throw longForm();
    return signed;
  }

  bytes(length) {
    if (length > this.limits.stringBytes) throw new Malformed("too_large", "a byte string over its limit");
    if (this.at + length > this.data.length) throw new Malformed("truncated", "the bytes end within a value");
    this.at += length;
    return this.data.subarray(this.at - length, this.at);
  }

  text(length) {
    const text = fromUtf8(this.bytes(length));
    if (text.normalize("NFC") !== text) throw new Malformed("nfc", "text not in normalisation form C");
    return text;
  }

  array(length, room) {
    if (length > this.limits.arrayElements) throw new Malformed("too_large", "an array over its limit");
    const out = [];
    while (out.length < length) out.push(this.value(room - 1));
    return out;
  }

  map(length, room) {
    if (length > this.limits.mapEntries) throw new Malformed("too_large", "a map over its limit");
    const out = new Map();
    let before = null;
    for (let i = 0; i < length; i++) {
      const { sort, number } = this.head();
      if (sort !== "text") throw new Malformed("key_type", "a map key that is not text");
      const key = this.text(number), encoded = this.data.subarray(this.at - number, this.at);
      if (before && compareBytes(before, encoded) >= 0) {
        throw new Malformed("not_canonical", "map keys not in ascending order, or twice");
      }
      before = encoded;
      out.set(key, this.value(room - 1));
    }
    return out;
  }
}

function longForm() {
  return new Malformed("not_canonical", "an integer in a longer form than it needs");
}

function forbidden(first) {
  if (first === 0xc0) return ["nil", "nil: a field without a value is left out"];
  if (first === 0xca || first === 0xcb) return ["float", "floating point numbers are not allowed"];
  return ["extension", "a type that has no place here"];
}

// The one encoding of a value that `decode` gave, or of one made like that.
function encode(value) {
  if (typeof value === "boolean") return Uint8Array.of(value ? 0xc3 : 0xc2);
  if (isInteger(value)) return encodeInteger(value);
  if (value instanceof Uint8Array) return joinBytes(encodeHead("bytes", value.length), value);
  if (typeof value === "string") return joinBytes(encodeHead("text", utf8(value).length), utf8(value));
  if (Array.isArray(value)) return joinBytes(encodeHead("array", value.length), ...value.map(encode));
  const pairs = Array.from(value, ([key, item]) => [utf8(key), encode(key), encode(item)]);
  pairs.sort((one, other) => compareBytes(one[0], other[0]));
  return joinBytes(encodeHead("map", pairs.length), ...pairs.map(([, key, item]) => joinBytes(key, item)));
}

function encodeInteger(value) {
  if (isBetween(value, -32, 127)) return Uint8Array.of(value & 0xff);
  const negative = !isAtLeast(value, 0), { high, low } = halvesOf(value);
  const fits = (width) => (negative ? value >= -(256 ** width) / 2 : value < 256 ** width);
  const width = typeof value === "number" ? [1, 2, 4].find(fits) || 8 : 8;
  const out = new Uint8Array(9), view = new DataView(out.buffer);
  view.setInt32(1, high);
  view.setUint32(5, low);
  out[8 - width] = (negative ? 0xd0 : 0xcc) + Math.log2(width);
  return out.subarray(8 - width);
}

function encodeHead(sort, length) {
  const short = { text: [0xa0, 32], array: [0x90, 16], map: [0x80, 16], bytes: [0, 0] }[sort];
  if (length < short[1]) return Uint8Array.of(short[0] + length);
  const forms = Object.keys(LONG_FORMS).map((first) => [Number(first), ...LONG_FORMS[first]]);
  const [first, , width] = forms.find(([, form, bytes]) => form === sort && length < 256 ** bytes);
  return Uint8Array.of(first, ...[3, 2, 1, 0].slice(4 - width).map((i) => (length >>> (8 * i)) & 0xff));
}
