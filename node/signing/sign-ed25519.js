// SPDX-License-Identifier: AGPL-3.0-or-later
// Signing by Ed25519 (RFC 8032), behind the verifier's own arithmetic: WebCrypto is not there on pages over plain http,
// and few browsers have its Ed25519.

// 32 random bytes are the key; what follows from them is RFC 8032 §5.1.5.
function expandSeed(seed) {
  const hash = sha512(seed), scalar = hash.slice(0, 32);
  scalar[0] &= 248;
  scalar[31] = (scalar[31] & 127) | 64;
  const secret = modOrder(joinBytes(scalar, new Uint8Array(32)));
  return { secret, prefix: hash.slice(32), public: timesBase(secret) };
}

function timesBase(scalar) {
  return baseMinusKey(scalar, null, new Uint8Array(32));
}

// RFC 8032 §5.1.6.
function signMessage(seed, message) {
  const key = expandSeed(seed);
  const r = modOrder(sha512(joinBytes(key.prefix, message)));
  const R = timesBase(r);
  const k = modOrder(sha512(joinBytes(R, key.public, message)));
  return joinBytes(R, modOrder(sumAndProduct(r, k, key.secret)));
}

// a + b * c in 64 bytes, lowest first.
function sumAndProduct(a, b, c) {
  const out = new Float64Array(64), data = new Uint8Array(64);
  for (let i = 0; i < 32; i++) {
    out[i] += a[i];
    for (let j = 0; j < 32; j++) out[i + j] += b[i] * c[j];
  }
  for (let i = 0, carry = 0; i < 64; i++) {
    const sum = out[i] + carry;
    data[i] = sum % 256;
    carry = Math.floor(sum / 256);
  }
  return data;
}
