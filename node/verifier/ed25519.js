// SPDX-License-Identifier: AGPL-3.0-or-later
// Ed25519 with one rule for everybody (spec 02 §1): the only place that decides whether a signature holds.
//
// WebCrypto's Ed25519 is never asked: browsers differ in what they accept, older ones and pages over plain http do not
// have it, and this is fast enough.

// y of the eight points whose order divides 8, and p, lowest byte first. The highest bit is the sign of x.
const SMALL_ORDER_Y = [
  "00".repeat(32),
  "01" + "00".repeat(31),
  "ec" + "ff".repeat(30) + "7f",
  "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
  "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
].map(fromHex);
const KEYS_REMEMBERED = 64;
const rememberedKeys = new Map(); // in hexadecimal, to its odd multiples, or to what is wrong with it

// "" where the signature holds, else the reason word of spec 02 §1.
function whyNotSigned(key, message, signature) {
  if (key.length !== 32 || signature.length !== 64) return "length";
  const R = signature.subarray(0, 32), S = signature.subarray(32);
  if (!isBelowOrder(S)) return "s_range";
  const multiples = multiplesOfKey(key);
  if (multiples === "not_canonical" || !isCanonicalY(R)) return "not_canonical";
  const k = modOrder(sha512(joinBytes(R, key, message)));
  const sound = multiples !== "small_order" && !isSmallOrder(R);
  if (sound && equalBytes(baseMinusKey(S, multiples, k), R)) return "";
  if (!decompress(R)) return "not_canonical";
  return sound ? "equation" : "small_order";
}

function isSigned(key, message, signature) {
  return whyNotSigned(key, message, signature) === "";
}

// Odd multiples of a key, or what is wrong with it. Few keys sign most of a log, so those are kept at hand.
function multiplesOfKey(key) {
  const name = latin1(key);
  let found = rememberedKeys.get(name);
  if (found === undefined) {
    if (rememberedKeys.size >= KEYS_REMEMBERED) rememberedKeys.clear();
    const point = isCanonicalY(key) ? decompress(key) : null;
    found = !point ? "not_canonical" : isSmallOrder(key) ? "small_order" : oddMultiples(point, KEY_WINDOW);
    rememberedKeys.set(name, found);
  }
  return found;
}

// Whether y is below p, and the sign bit is not set where x = 0: that is where y is 1 or -1.
function isCanonicalY(encoded) {
  let above = (encoded[31] & 0x7f) === 0x7f;
  for (let i = 30; above && i > 0; i--) above = encoded[i] === 0xff;
  if (above && encoded[0] >= 0xed) return false;
  const xIsZero = isSameY(encoded, SMALL_ORDER_Y[1]) || isSameY(encoded, SMALL_ORDER_Y[2]);
  return !(xIsZero && encoded[31] >> 7);
}

function isSmallOrder(encoded) {
  return SMALL_ORDER_Y.some((y) => isSameY(encoded, y));
}

function isSameY(encoded, y) {
  return equalBytes(encoded.subarray(0, 31), y.subarray(0, 31)) && (encoded[31] & 0x7f) === y[31];
}
