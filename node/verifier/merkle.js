// SPDX-License-Identifier: AGPL-3.0-or-later
// The tree of spec 05: hashes, and the check that a leaf is in it.

function leafHash(entry) {
  return sha256(joinBytes(Uint8Array.of(0), entry));
}

function nodeHash(left, right) {
  return sha256(joinBytes(Uint8Array.of(1), left, right));
}

// The root that an inclusion proof leads to. Throws Malformed if it cannot be one (spec 05 §2).
function rootFromInclusion(index, size, leaf, proof) {
  if (!isAtLeast(index, 0) || !isBelow(index, size)) throw new Malformed("range", "no such leaf in that tree");
  if ([leaf, ...proof].some((hash) => hash.length !== 32)) throw new Malformed("hash_size", "not 32 bytes");
  const sides = sidesOf(bitsOf(index), bitsOf(beforeInteger(size)));
  if (sides.length !== proof.length) {
    throw new Malformed("length", `a proof of ${proof.length} hashes where ${sides.length} belong`);
  }
  return proof.reduce((hash, other, i) => (sides[i] ? nodeHash(other, hash) : nodeHash(hash, other)), leaf);
}

// Throws Malformed unless the leaf is at that index under that root.
function checkInclusion(index, size, leaf, proof, root) {
  checkRoot(rootFromInclusion(index, size, leaf, proof), root);
}

function checkRoot(found, root) {
  if (root.length !== 32) throw new Malformed("hash_size", "not 32 bytes");
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

// Throws Malformed unless these leaf hashes stand at these positions under that root (spec 20 §1).
function checkMultiproof(positions, leaves, size, proof, root) {
  const isInOrder = positions.every((position, i) => isAtLeast(position, 0) && isBelow(position, size)
    && (i === 0 || isBelow(positions[i - 1], position)));
  if (!positions.length || !isInOrder) throw new Malformed("range", "positions that do not ascend, or are not there");
  if (leaves.length !== positions.length) throw new Malformed("length", "not one leaf for each position");
  if (leaves.concat(proof).some((hash) => hash.length !== 32)) throw new Malformed("hash_size", "not 32 bytes");
  const walk = { positions, leaves, proof, used: 0, last: beforeInteger(size) };
  const found = subtreeRoot(walk, 0, positions.length, 63, true);
  if (walk.used !== proof.length) throw new Malformed("length", "a multiproof with more hashes than belong");
  checkRoot(found, root);
}

// The root of a subtree in which the positions from number `first` to before `after` lie. It spans the numbers that the
// bits below `level` can make: all of them, or at the right edge of the tree those up to the last leaf's.
function subtreeRoot(walk, first, after, level, isEdge) {
  if (first === after) {
    if (walk.used === walk.proof.length) throw new Malformed("length", "a multiproof with fewer hashes than belong");
    return walk.proof[walk.used++];
  }
  let split = level - 1;
  while (isEdge && split >= 0 && !hasBit(walk.last, split)) split--;
  if (split < 0) return walk.leaves[first];
  let middle = first;
  while (middle < after && !hasBit(walk.positions[middle], split)) middle++;
  const left = subtreeRoot(walk, first, middle, split, false);
  return nodeHash(left, subtreeRoot(walk, middle, after, split, isEdge));
}
