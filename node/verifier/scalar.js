// SPDX-License-Identifier: AGPL-3.0-or-later
// Numbers modulo L = 2^252 + 27742317777372353535851937790883648493, the order of the base point.

const ORDER = fromHex("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010"); // lowest byte first
const ORDER_LIMBS = new Float64Array(LIMBS);
fieldFromBytes(ORDER_LIMBS, ORDER);

function isBelowOrder(data) {
  for (let i = 31; i >= 0; i--) if (data[i] !== ORDER[i]) return data[i] < ORDER[i];
  return false;
}

// 64 bytes, lowest first, modulo L in 32 bytes: taken in 16 bits at a time from the top, less L as often as it goes in.
function modOrder(data) {
  const rest = new Float64Array(LIMBS);
  for (let at = 62; at >= 0; at -= 2) {
    shiftIn(rest, 65536, data[at] + 256 * data[at + 1], 0);
    shiftIn(rest, 1, 0, Math.floor(rest[11] / 1024)); // limb 11 begins at bit 242
  }
  if (rest[11] < 0) shiftIn(rest, 1, 0, -1);
  return fieldToBytes(rest);
}

// rest = rest * factor + plus - times * L; all limbs but the last one end from 0 to 2^22 - 1.
function shiftIn(rest, factor, plus, times) {
  let above = plus;
  for (let i = 0; i < LIMBS; i++) {
    const limb = rest[i] * factor - times * ORDER_LIMBS[i] + above;
    above = i < LIMBS - 1 ? Math.floor(limb * LIMB_INVERSE) : 0;
    rest[i] = limb - above * LIMB;
  }
}

// Digits d with the sum of d[i] * 2^i the number in 32 bytes (below 2^253): each 0, or odd and below 2^(window - 1) in
// size, and after one that is not 0 at least `window` - 1 zeros.
function signedDigits(data, window) {
  const digits = new Int16Array(256), width = 1 << window;
  for (let i = 0; i < 256; i++) digits[i] = (data[i >> 3] >> (i & 7)) & 1;
  for (let i = 0; i < 256; i++) {
    if (!digits[i]) continue;
    let digit = 0;
    for (let j = 0; j < window && i + j < 256; j++) {
      digit += digits[i + j] << j;
      digits[i + j] = 0;
    }
    if (digit >= width / 2) {
      digit -= width;
      let next = i + window;
      while (digits[next]) digits[next++] = 0;
      digits[next] = 1;
    }
    digits[i] = digit;
  }
  return digits;
}
