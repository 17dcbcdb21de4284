// SPDX-License-Identifier: AGPL-3.0-or-later
// The proof file (C2SP tlog-proof) and the verdict on it (spec 08).

const PROOF_BYTES_MAX = 262144;
const PROOF_HASHES_MAX = 63;
const PROOF_HEADER = "c2sp.org/tlog-proof@v1";
const EXTRA_LIMITS = { inputBytes: PROOF_BYTES_MAX, stringBytes: 65536, arrayElements: 2, mapEntries: 0, depth: 1 };

// What a verdict of a spec means for the reader: true, false, or that it cannot be told.
const VERDICTS = {
  "malformed": "false",
  "unknown log": "unknown",
  "false: charters": "false",
  "false: signature": "false",
  "not witnessed": "unknown",
  "false: inclusion": "false",
  "false: commitment": "false",
  "false: statement": "false",
  "false: state": "false",
  "false: chain": "false",
  "false: balance": "false",
  "no payload": "unknown",
  "true": "true",
};

// The parts of a proof file: {extra, position, hashes, note}, nothing in it verified. Throws Malformed (spec 08 §1).
function parseProof(data) {
  let gap = 0;
  while (gap < data.length && !(data[gap] === 10 && data[gap + 1] === 10)) gap++;
  const lines = fromUtf8(data.subarray(0, gap), "header").split("\n");
  if (data.length > PROOF_BYTES_MAX || lines.shift() !== PROOF_HEADER) throw new Malformed("header", "no proof file");
  let extra = new Uint8Array(0);
  if (lines.length && lines[0].startsWith("extra ")) extra = fromBase64(lines.shift().slice(6), "extra");
  if (!lines.length || !lines[0].startsWith("index ")) throw new Malformed("index", "no index line where it belongs");
  const position = parseDecimal(lines.shift().slice(6), "index");
  const hashes = lines.map((line) => fromBase64(line, "hash"));
  if (hashes.length > PROOF_HASHES_MAX || hashes.some((hash) => hash.length !== 32)) {
    throw new Malformed("hash", "a hash that is not 32 bytes, or too many of them");
  }
  const note = data.subarray(gap + 2);
  orMalformed("note", () => parseNote(note));
  return { extra, position, hashes, note };
}

// The entry and payload that a proof file of ours carries. Throws Malformed (`extra`).
function readExtra(extra) {
  const value = orMalformed("extra", () => decode(extra, EXTRA_LIMITS));
  if (Array.isArray(value) && value.length === 2 && value.every((part) => isBytes(part))) return value;
  throw new Malformed("extra", "the extra line does not carry an entry and its payload");
}

// What holds of a file, as far as the check came: {verdict, why, position, checkpoint, witnesses, entry, opened}.
// `why` is in English, for whoever looks closer; `verdict` is a word of spec 08 §3.
function judgeProof(data, trust) {
  return verdictOf(() => judgeParts(parseProof(data), trust), () => "malformed");
}

// What `judge` finds, or the verdict that `verdictFor` has for the reason of what it throws.
function verdictOf(judge, verdictFor) {
  try {
    return judge();
  } catch (error) {
    if (error instanceof Malformed) return { verdict: verdictFor(error.reason), why: error.message };
    throw error;
  }
}

// The verdict on the parts of a proof. Throws Malformed where they are not of their form.
function judgeParts(proof, trust) {
  const note = parseNote(proof.note), checkpoint = parseCheckpoint(note.text);
  const [entryBytes, payload] = readExtra(proof.extra);
  const entry = knownVersion(parseEntry(entryBytes), "entry_version");
  if (payload.length) checkPayloadForm(payload);
  const origin = parseOrigin(checkpoint.origin);
  const found = { position: proof.position, checkpoint, origin };
  Object.assign(found, judgeCheckpoint(note, checkpoint, trust));
  if (found.verdict) return found;
  const leaf = leafHash(entryBytes);
  const included = verdictOf(() => {
    checkInclusion(proof.position, checkpoint.size, leaf, proof.hashes, checkpoint.root);
    return { entry };
  }, () => "false: inclusion");
  if (included.verdict) return Object.assign(found, included);
  if (!payload.length) {
    return Object.assign(found, included, { verdict: "no payload", why: "what the entry says is not in this file" });
  }
  return Object.assign(found, included, verdictOf(() => {
    const opened = openPayload(payload, entry.commitment, origin.logId, proof.position, origin.epoch);
    checkSignatures(opened.payload);
    return { verdict: "true", why: "everything holds", opened };
  }, (reason) => (reason === "commitment" ? "false: commitment" : "false: statement")));
}

function knownVersion(parsed, reason) {
  if (parsed.opaque !== undefined) throw new Malformed(reason, "of a version that is not known here");
  return parsed;
}

// Throws Malformed unless the bytes are a payload with a statement, both of their form (spec 03 §1, §2).
function checkPayloadForm(data) {
  const payload = parsePayload(data);
  const statement = knownVersion(parseStatement(payload.statement), "statement_version");
  readBody(statement);
  if (!equalBytes(payload.signatures[0].key, statement.author)) {
    throw new Malformed("author_signature", "the first signature is not the author's");
  }
}

// Who signed and cosigned a checkpoint that is to be trusted, as {signers, witnesses: [{name, key, time}]}; or the
// verdict that it is not, with its reason.
function judgeCheckpoint(note, checkpoint, trust) {
  const found = verdictOf(
    () => ({
      signers: verifiedBy(note, trust.logs.filter((key) => key.name === checkpoint.origin)),
      witnesses: cosignedBy(note, trust.witnesses),
    }),
    (reason) => (reason === "unsigned" ? "unknown log" : "false: signature"),
  );
  if (found.verdict || trust.isReached(new Set(found.witnesses.map(({ name }) => name)))) return found;
  const why = `${found.witnesses.length} of the trusted witnesses cosigned, and the trust file asks for more`;
  return { signers: found.signers, verdict: "not witnessed", why };
}

// Those of the trusted witnesses (name to key) who cosigned, as {name, key, time}. Throws Malformed if a line fails.
function cosignedBy(note, trusted) {
  const known = new Map(Array.from(trusted, ([name, key]) => [key.mark, { name, key }]));
  const found = new Map();
  for (const line of note.signatures.filter(({ mark }) => known.has(mark))) {
    const { name, key } = known.get(line.mark);
    found.set(name, { name, key, time: checkCosignature(note, line, key) });
  }
  return Array.from(found.values());
}
