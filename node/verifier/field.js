// SPDX-License-Identifier: AGPL-3.0-or-later
// Arithmetic modulo p = 2^255 - 19 in doubles, without BigInt: it runs on old browsers, and is faster.
//
// An element is a Float64Array of 12 limbs: the sum of limb[i] * 2^(22 i), each limb a whole number of either sign.
// Whole numbers are exact in a double below 2^53. After a product each limb is below 2^21.7 in size; the sum of up to
// four such elements may be multiplied by the sum of up to four others: 12 * (4 * 2^21.7)^2 is below 2^51.

const LIMBS = 12;
const LIMB = 4194304; // 2^22
const LIMB_INVERSE = 1 / LIMB;
const ROUND = 1.5 * Math.pow(2, 74); // x + ROUND - ROUND is the multiple of 2^22 nearest to x, for |x| < 2^73
const FOLD = 9728; // 2^264 = 512 * 19 modulo p
const T = new Float64Array(2 * LIMBS); // coefficients of the product at hand; the last one stays 0

function fieldElement(small) {
  const out = new Float64Array(LIMBS);
  out[0] = small || 0;
  return out;
}

function fieldAdd(out, a, b) {
  for (let i = 0; i < LIMBS; i++) out[i] = a[i] + b[i];
}

function fieldSubtract(out, a, b) {
  for (let i = 0; i < LIMBS; i++) out[i] = a[i] - b[i];
}

function fieldMultiply(out, a, b) {
  const a0 = a[0], a1 = a[1], a2 = a[2], a3 = a[3], a4 = a[4], a5 = a[5];
  const a6 = a[6], a7 = a[7], a8 = a[8], a9 = a[9], a10 = a[10], a11 = a[11];
  const b0 = b[0], b1 = b[1], b2 = b[2], b3 = b[3], b4 = b[4], b5 = b[5];
  const b6 = b[6], b7 = b[7], b8 = b[8], b9 = b[9], b10 = b[10], b11 = b[11];
  T[0] = a0 * b0;
  T[1] = a0 * b1 + a1 * b0;
  T[2] = a0 * b2 + a1 * b1 + a2 * b0;
  T[3] = a0 * b3 + a1 * b2 + a2 * b1 + a3 * b0;
  T[4] = a0 * b4 + a1 * b3 + a2 * b2 + a3 * b1 + a4 * b0;
  T[5] = a0 * b5 + a1 * b4 + a2 * b3 + a3 * b2 + a4 * b1 + a5 * b0;
  T[6] = a0 * b6 + a1 * b5 + a2 * b4 + a3 * b3 + a4 * b2 + a5 * b1 + a6 * b0;
  T[7] = a0 * b7 + a1 * b6 + a2 * b5 + a3 * b4 + a4 * b3 + a5 * b2 + a6 * b1 + a7 * b0;
  T[8] = a0 * b8 + a1 * b7 + a2 * b6 + a3 * b5 + a4 * b4 + a5 * b3 + a6 * b2 + a7 * b1 + a8 * b0;
  T[9] = a0 * b9 + a1 * b8 + a2 * b7 + a3 * b6 + a4 * b5 + a5 * b4 + a6 * b3 + a7 * b2 + a8 * b1 + a9 * b0;
  T[10] = a0 * b10 + a1 * b9 + a2 * b8 + a3 * b7 + a4 * b6 + a5 * b5 + a6 * b4 + a7 * b3 + a8 * b2 + a9 * b1
    + a10 * b0;
  T[11] = a0 * b11 + a1 * b10 + a2 * b9 + a3 * b8 + a4 * b7 + a5 * b6 + a6 * b5 + a7 * b4 + a8 * b3 + a9 * b2
    + a10 * b1 + a11 * b0;
  T[12] = a1 * b11 + a2 * b10 + a3 * b9 + a4 * b8 + a5 * b7 + a6 * b6 + a7 * b5 + a8 * b4 + a9 * b3 + a10 * b2
    + a11 * b1;
  T[13] = a2 * b11 + a3 * b10 + a4 * b9 + a5 * b8 + a6 * b7 + a7 * b6 + a8 * b5 + a9 * b4 + a10 * b3 + a11 * b2;
  T[14] = a3 * b11 + a4 * b10 + a5 * b9 + a6 * b8 + a7 * b7 + a8 * b6 + a9 * b5 + a10 * b4 + a11 * b3;
  T[15] = a4 * b11 + a5 * b10 + a6 * b9 + a7 * b8 + a8 * b7 + a9 * b6 + a10 * b5 + a11 * b4;
  T[16] = a5 * b11 + a6 * b10 + a7 * b9 + a8 * b8 + a9 * b7 + a10 * b6 + a11 * b5;
  T[17] = a6 * b11 + a7 * b10 + a8 * b9 + a9 * b8 + a10 * b7 + a11 * b6;
  T[18] = a7 * b11 + a8 * b10 + a9 * b9 + a10 * b8 + a11 * b7;
  T[19] = a8 * b11 + a9 * b10 + a10 * b9 + a11 * b8;
  T[20] = a9 * b11 + a10 * b10 + a11 * b9;
  T[21] = a10 * b11 + a11 * b10;
  T[22] = a11 * b11;
  carry(out);
}

function fieldSquare(out, a) {
  const a0 = a[0], a1 = a[1], a2 = a[2], a3 = a[3], a4 = a[4], a5 = a[5];
  const a6 = a[6], a7 = a[7], a8 = a[8], a9 = a[9], a10 = a[10], a11 = a[11];
  const d0 = 2 * a0, d1 = 2 * a1, d2 = 2 * a2, d3 = 2 * a3, d4 = 2 * a4, d5 = 2 * a5;
  const d6 = 2 * a6, d7 = 2 * a7, d8 = 2 * a8, d9 = 2 * a9, d10 = 2 * a10;
  T[0] = a0 * a0;
  T[1] = d0 * a1;
  T[2] = d0 * a2 + a1 * a1;
  T[3] = d0 * a3 + d1 * a2;
  T[4] = d0 * a4 + d1 * a3 + a2 * a2;
  T[5] = d0 * a5 + d1 * a4 + d2 * a3;
  T[6] = d0 * a6 + d1 * a5 + d2 * a4 + a3 * a3;
  T[7] = d0 * a7 + d1 * a6 + d2 * a5 + d3 * a4;
  T[8] = d0 * a8 + d1 * a7 + d2 * a6 + d3 * a5 + a4 * a4;
  T[9] = d0 * a9 + d1 * a8 + d2 * a7 + d3 * a6 + d4 * a5;
  T[10] = d0 * a10 + d1 * a9 + d2 * a8 + d3 * a7 + d4 * a6 + a5 * a5;
  T[11] = d0 * a11 + d1 * a10 + d2 * a9 + d3 * a8 + d4 * a7 + d5 * a6;
  T[12] = d1 * a11 + d2 * a10 + d3 * a9 + d4 * a8 + d5 * a7 + a6 * a6;
  T[13] = d2 * a11 + d3 * a10 + d4 * a9 + d5 * a8 + d6 * a7;
  T[14] = d3 * a11 + d4 * a10 + d5 * a9 + d6 * a8 + a7 * a7;
  T[15] = d4 * a11 + d5 * a10 + d6 * a9 + d7 * a8;
  T[16] = d5 * a11 + d6 * a10 + d7 * a9 + a8 * a8;
  T[17] = d6 * a11 + d7 * a10 + d8 * a9;
  T[18] = d7 * a11 + d8 * a10 + a9 * a9;
  T[19] = d8 * a11 + d9 * a10;
  T[20] = d9 * a11 + a10 * a10;
  T[21] = d10 * a11;
  T[22] = a11 * a11;
  carry(out);
}

// From the coefficients in T to 12 limbs. Each coefficient (below 2^51) hands what is above 22 bits on to the next one,
// the upper half is folded into the lower, and the same is done once more.
function carry(out) {
  let low = 0, high = (T[11] + ROUND - ROUND) * LIMB_INVERSE;
  for (let i = 0; i < LIMBS; i++) {
    const above = T[i] + ROUND - ROUND, aboveHigh = T[i + 12] + ROUND - ROUND;
    out[i] = T[i] - above + low + FOLD * (T[i + 12] - aboveHigh + high);
    low = above * LIMB_INVERSE;
    high = aboveHigh * LIMB_INVERSE;
  }
  low = 0;
  for (let i = 0; i < LIMBS; i++) {
    const above = out[i] + ROUND - ROUND;
    out[i] = out[i] - above + low;
    low = above * LIMB_INVERSE;
  }
  const first = out[0] + FOLD * low, above = first + ROUND - ROUND;
  out[0] = first - above;
  out[1] += above * LIMB_INVERSE;
}

// The element of 32 bytes, lowest first, without the highest bit.
function fieldFromBytes(out, data) {
  for (let i = 0; i < LIMBS; i++) {
    let limb = 0;
    for (let bit = 0; bit < 22; bit++) {
      const at = 22 * i + bit;
      if (at < 255) limb += ((data[at >> 3] >> (at & 7)) & 1) * 2 ** bit;
    }
    out[i] = limb;
  }
}

// The 32 bytes, lowest first, of the number from 0 to p - 1 that an element stands for.
function fieldToBytes(a) {
  const limbs = Float64Array.from(a);
  let top;
  do {
    top = settle(limbs);
    limbs[0] += 19 * top; // 2^255 = 19 modulo p
  } while (top);
  const less = Float64Array.from(limbs);
  less[0] += 19;
  if (settle(less)) limbs.set(less); // it was p or more
  const out = new Uint8Array(32);
  for (let at = 0; at < 255; at++) {
    const limb = limbs[Math.floor(at / 22)];
    out[at >> 3] |= ((limb >> at % 22) & 1) << (at & 7);
  }
  return out;
}

// Makes all limbs 0 to 2^22 - 1, and gives the multiple of 2^255 that is taken away.
function settle(limbs) {
  for (let i = 0; i < LIMBS - 1; i++) {
    const above = Math.floor(limbs[i] * LIMB_INVERSE);
    limbs[i] -= above * LIMB;
    limbs[i + 1] += above;
  }
  const top = Math.floor(limbs[11] / 8192); // limb 11 begins at bit 242
  limbs[11] -= top * 8192;
  return top;
}

function fieldIsZero(a) {
  return fieldToBytes(a).every((byte) => byte === 0);
}

function squareTimes(out, a, times) {
  fieldSquare(out, a);
  for (let i = 1; i < times; i++) fieldSquare(out, out);
}

// out = a^(2^252 - 3) = a^((p - 5) / 8).
function fieldPower(out, a) {
  const x = fieldElement(), y = fieldElement(), z = fieldElement();
  fieldSquare(x, a);
  squareTimes(y, x, 2);
  fieldMultiply(y, a, y);
  fieldMultiply(x, x, y); // a^11
  fieldSquare(x, x);
  fieldMultiply(x, y, x); // a^(2^5 - 1)
  squareTimes(y, x, 5);
  fieldMultiply(x, y, x); // a^(2^10 - 1)
  squareTimes(y, x, 10);
  fieldMultiply(y, y, x); // a^(2^20 - 1)
  squareTimes(z, y, 20);
  fieldMultiply(y, z, y); // a^(2^40 - 1)
  squareTimes(y, y, 10);
  fieldMultiply(x, y, x); // a^(2^50 - 1)
  squareTimes(y, x, 50);
  fieldMultiply(y, y, x); // a^(2^100 - 1)
  squareTimes(z, y, 100);
  fieldMultiply(y, z, y); // a^(2^200 - 1)
  squareTimes(y, y, 50);
  fieldMultiply(x, y, x); // a^(2^250 - 1)
  squareTimes(x, x, 2);
  fieldMultiply(out, x, a);
}

// out = 1 / a = a^(p - 2) = (a^(2^252 - 3))^8 * a^3.
function fieldInvert(out, a) {
  const x = fieldElement();
  fieldPower(x, a);
  squareTimes(x, x, 3);
  fieldMultiply(x, x, a);
  fieldMultiply(x, x, a);
  fieldMultiply(out, x, a);
}
