// SPDX-License-Identifier: AGPL-3.0-or-later
// The proof of one balance: a proof file of a `state` entry, with the leaf of an account in it (spec 20 §3).

const BALANCE_LIMITS = {
  inputBytes: PROOF_BYTES_MAX, stringBytes: 65536, arrayElements: PROOF_HASHES_MAX, mapEntries: 0, depth: 2,
};
const BALANCE_EXTRA = tuple(anyBytes, anyBytes, count, anyBytes, listOf(anyBytes, 0, PROOF_HASHES_MAX));

// {entry, payload, index, leaf, hashes} of a proof file's `extra`. Throws Malformed (`extra`).
function readBalance(extra) {
  const value = orMalformed("extra", () => decode(extra, BALANCE_LIMITS));
  if (!BALANCE_EXTRA(value)) throw new Malformed("extra", "the extra line does not carry a state and a balance");
  const [entry, payload, index, leaf, hashes] = value;
  return { entry, payload, index, leaf, hashes };
}

// Whether a file is a balance proof and not a proof of an entry alone.
function isBalance(data) {
  return verdictOf(() => ({ balance: readBalance(parseProof(data).extra) }), () => "malformed").verdict === undefined;
}

// The verdict on a balance proof: as of judgeProof, and `leaf` if all is true.
function judgeBalance(data, trust) {
  return verdictOf(() => {
    const proof = parseProof(data), balance = readBalance(proof.extra), leaf = parseStateLeaf(balance.leaf);
    const plain = { extra: encode([balance.entry, balance.payload]), position: proof.position, hashes: proof.hashes };
    const found = judgeParts(Object.assign(plain, { note: proof.note }), trust);
    if (found.verdict !== "true") return found;
    const state = verdictOf(() => checkBalance(found, balance, trust), () => "false: state");
    return Object.assign(found, state.verdict ? state : { leaf });
  }, () => "malformed");
}

// Throws Malformed unless the entry states the state in which the balance is.
function checkBalance({ opened, checkpoint, position }, { index, leaf, hashes }, trust) {
  const { statement } = opened, body = readKnownBody(statement);
  const authors = trust.logs.filter((key) => key.name === checkpoint.origin).map(({ key }) => key);
  if (statement.kind !== "state" || !body) throw new Malformed("state", "the entry does not state a state");
  if (!isAmong(statement.author, authors)) throw new Malformed("state", "the state is not by a trusted key of the log");
  if (!equalIntegers(body.get("size"), position)) throw new Malformed("state", "it states another position's state");
  checkInclusion(index, body.get("leaves"), leafHash(leaf), hashes, body.get("root"));
  return {};
}
