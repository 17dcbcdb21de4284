// SPDX-License-Identifier: AGPL-3.0-or-later
// The curve of Ed25519 (RFC 8032 §5.1): points, and the one sum that a check of a signature needs.
//
// A point is {X, Y, Z, T} with x = X/Z, y = Y/Z, x y = T/Z. A point that is to be added is kept as
// {sum: Y + X, difference: Y - X, twiceZ: 2 Z, product: 2 d T}.

const KEY_WINDOW = 5; // digits of k are odd and below 2^4 in size: 8 multiples of the key
const BASE_WINDOW = 8; // digits of S are odd and below 2^7 in size: 64 multiples of the base point, made once

function newPoint() {
  return { X: fieldElement(0), Y: fieldElement(1), Z: fieldElement(1), T: fieldElement(0) };
}

const CURVE_D = fieldQuotient(-121665, 121666);
const CURVE_2D = fieldElement();
fieldAdd(CURVE_2D, CURVE_D, CURVE_D);
const ROOT_OF_MINUS_ONE = rootOfMinusOne();

function fieldQuotient(a, b) {
  const out = fieldElement(b);
  fieldInvert(out, out);
  fieldMultiply(out, out, fieldElement(a));
  return out;
}

// 2^((p - 1) / 4), where (p - 1) / 4 = 2 (p - 5) / 8 + 1.
function rootOfMinusOne() {
  const out = fieldElement();
  fieldPower(out, fieldElement(2));
  fieldSquare(out, out);
  fieldMultiply(out, out, fieldElement(2));
  return out;
}

// The point of 32 bytes, or null if their y belongs to no point. Whether y is below p is not looked at here.
function decompress(data) {
  const point = newPoint(), { X, Y } = point;
  const u = fieldElement(), v = fieldElement(), v3 = fieldElement(), one = fieldElement(1);
  fieldFromBytes(Y, data);
  fieldSquare(u, Y);
  fieldMultiply(v, u, CURVE_D);
  fieldSubtract(u, u, one); // u = y^2 - 1
  fieldAdd(v, v, one); // v = d y^2 + 1, and x^2 = u / v
  fieldSquare(v3, v);
  fieldMultiply(v3, v3, v);
  fieldSquare(X, v3);
  fieldMultiply(X, X, v);
  fieldMultiply(X, X, u);
  fieldPower(X, X);
  fieldMultiply(X, X, v3);
  fieldMultiply(X, X, u); // x = u v^3 (u v^7)^((p - 5) / 8), but for a factor sqrt(-1)
  const check = fieldElement(), difference = fieldElement();
  fieldSquare(check, X);
  fieldMultiply(check, check, v);
  fieldSubtract(difference, check, u);
  if (!fieldIsZero(difference)) {
    fieldAdd(difference, check, u);
    if (!fieldIsZero(difference)) return null;
    fieldMultiply(X, X, ROOT_OF_MINUS_ONE);
  }
  if ((fieldToBytes(X)[0] & 1) !== data[31] >> 7) fieldSubtract(X, fieldElement(), X);
  fieldMultiply(point.T, X, Y);
  return point;
}

function compress(point) {
  const inverse = fieldElement(), x = fieldElement(), y = fieldElement();
  fieldInvert(inverse, point.Z);
  fieldMultiply(x, point.X, inverse);
  fieldMultiply(y, point.Y, inverse);
  const out = fieldToBytes(y);
  out[31] |= (fieldToBytes(x)[0] & 1) << 7;
  return out;
}

// The parts of a sum, by their names in the Explicit-Formulas Database.
const PARTS = {};
for (const part of "ABEFGH") PARTS[part] = fieldElement();

// out = 2 point (dbl-2008-hwcd). T is made only where an addition follows.
function double(out, point, withT) {
  const { A, B, E, F, G, H } = PARTS;
  fieldSquare(A, point.X);
  fieldSquare(B, point.Y);
  fieldSquare(F, point.Z);
  fieldAdd(F, F, F);
  fieldAdd(E, point.X, point.Y);
  fieldSquare(E, E);
  fieldAdd(H, A, B);
  fieldSubtract(E, H, E);
  fieldSubtract(G, A, B);
  fieldAdd(F, F, G);
  finishPoint(out, withT);
}

// out = point + added, or point - added (add-2008-hwcd-3): complete, so there are no special cases.
function add(out, point, added, minus, withT) {
  const { A, B, E, F, G, H } = PARTS;
  fieldSubtract(A, point.Y, point.X);
  fieldMultiply(A, A, minus ? added.sum : added.difference);
  fieldAdd(B, point.Y, point.X);
  fieldMultiply(B, B, minus ? added.difference : added.sum);
  fieldMultiply(F, point.Z, added.twiceZ);
  fieldMultiply(H, point.T, added.product);
  fieldAdd(minus ? E : G, F, H);
  fieldSubtract(minus ? G : F, F, H);
  if (minus) F.set(E);
  fieldSubtract(E, B, A);
  fieldAdd(H, B, A);
  finishPoint(out, withT);
}

function finishPoint(out, withT) {
  const { E, F, G, H } = PARTS;
  fieldMultiply(out.X, E, F);
  fieldMultiply(out.Y, G, H);
  fieldMultiply(out.Z, F, G);
  if (withT) fieldMultiply(out.T, E, H);
}

function toBeAdded(point) {
  const out = { sum: fieldElement(), difference: fieldElement(), twiceZ: fieldElement(), product: fieldElement() };
  fieldAdd(out.sum, point.Y, point.X);
  fieldSubtract(out.difference, point.Y, point.X);
  fieldAdd(out.twiceZ, point.Z, point.Z);
  fieldMultiply(out.product, point.T, CURVE_2D);
  return out;
}

// 1, 3, 5, ... times a point, as many as a window has.
function oddMultiples(point, window) {
  const twice = newPoint(), multiple = newPoint();
  double(twice, point, true);
  const step = toBeAdded(twice), out = [toBeAdded(point)];
  add(multiple, point, step, false, true);
  for (let i = 1; i < 1 << (window - 2); i++) {
    out.push(toBeAdded(multiple));
    add(multiple, multiple, step, false, true);
  }
  return out;
}

let baseMultiples = null;

function multiplesOfBase() {
  if (!baseMultiples) {
    const encoded = new Uint8Array(32).fill(0x66); // y = 4/5, x even
    encoded[0] = 0x58;
    baseMultiples = oddMultiples(decompress(encoded), BASE_WINDOW);
  }
  return baseMultiples;
}

// The encoding of [s]B - [k]A, for `key` the odd multiples of A, s and k 32 bytes each, lowest first, below 2^253.
function baseMinusKey(s, key, k) {
  const base = multiplesOfBase(), point = newPoint();
  const sDigits = signedDigits(s, BASE_WINDOW), kDigits = signedDigits(k, KEY_WINDOW);
  for (let i = 255; i >= 0; i--) {
    const sDigit = sDigits[i], kDigit = -kDigits[i];
    double(point, point, sDigit !== 0 || kDigit !== 0);
    if (sDigit) add(point, point, base[Math.abs(sDigit) >> 1], sDigit < 0, kDigit !== 0);
    if (kDigit) add(point, point, key[Math.abs(kDigit) >> 1], kDigit < 0, false);
  }
  return compress(point);
}
