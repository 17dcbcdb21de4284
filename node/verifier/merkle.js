// SPDX-License-Identifier: AGPL-3.0-or-later
// The tree of spec 05: hashes, and the check that a leaf is in it.

function leafHash(entry) {
  return sha256(joinBytes(Uint8Array.of(0), entry));
}

function nodeHash(left, right) {
  return sha256(joinBytes(Uint8Array.of(1), left, right));
}

// Throws Malformed unless the leaf is at that index under that root (spec 05 §2).
function checkInclusion(index, size, leaf, proof, root) {
  if (!isAtLeast(index, 0) || !isBelow(index, size)) throw new Malformed("range", "no such leaf in that tree");
  if ([leaf, root, ...proof].some((hash) => hash.length !== 32)) throw new Malformed("hash_size", "not 32 bytes");
  const { high, low } = halvesOf(size);
  const sides = sidesOf(bitsOf(index), bitsOf(low ? integerOf(high, low - 1) : integerOf(high - 1, TWO_32 - 1)));
  if (sides.length !== proof.length) {
    throw new Malformed("length", `a proof of ${proof.length} hashes where ${sides.length} belong`);
  }
  const found = proof.reduce((hash, other, i) => (sides[i] ? nodeHash(other, hash) : nodeHash(hash, other)), leaf);
  if (!equalBytes(found, root)) throw new Malformed("root", "the proof does not lead to the root");
}

// For each step from a leaf up to the root: whether its sibling is the left one (RFC 9162, 2.1.3.2). The numbers of the
// leaf and of the last one come as bits, lowest first.
function sidesOf(leaf, last) {
  let differs = last.length - 1;
  while (differs >= 0 && leaf[differs] === last[differs]) differs--;
  const sides = [];
  for (let level = 0; level < last.length; level++) {
    const left = leaf[level] === 1 || level > differs;
    sides.push(left);
    if (left) while (level < leaf.length && !leaf[level]) level++;
  }
  return sides;
}
