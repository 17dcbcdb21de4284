// SPDX-License-Identifier: AGPL-3.0-or-later
// Signed notes, checkpoints and cosignatures, and the keys that verify them (spec 06).

const NOTE_BYTES_MAX = 65536;
const NOTE_SIGNATURES_MAX = 64;
const TYPE_ED25519 = 1;
const TYPE_COSIGNATURE = 4;
const CONTROL = /[\x00-\x09\x0b-\x1f\x7f-\x9f]/;
const NOT_IN_NAMES = /[\x00-\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000+]/;

function isKeyName(name) {
  return name !== "" && !NOT_IN_NAMES.test(name);
}

// A public key with the name and type under which its signatures stand in notes.
class VerifierKey {
  constructor(name, type, key) {
    this.name = name;
    this.type = type;
    this.key = key;
    this.keyId = sha256(joinBytes(utf8(`${name}\n`), Uint8Array.of(type), key)).subarray(0, 4);
    this.mark = `${name} ${toHex(this.keyId)}`; // what a signature line names it by
  }

  toString() {
    return `${this.name}+${toHex(this.keyId)}+${toBase64(joinBytes(Uint8Array.of(this.type), this.key))}`;
  }

  // The key that its text form spells. Throws Malformed (`verifier_key`).
  static parse(text) {
    const [name, keyId] = text.split("+");
    if (keyId === undefined || !isKeyName(name)) throw new Malformed("verifier_key", "not a verifier key");
    const rest = text.slice(name.length + keyId.length + 2);
    const blob = fromBase64(rest, "verifier_key"), type = blob[0];
    if (blob.length !== 33 || (type !== TYPE_ED25519 && type !== TYPE_COSIGNATURE)) {
      throw new Malformed("verifier_key", "a verifier key of unknown type or length");
    }
    const key = new VerifierKey(name, type, blob.subarray(1));
    if (toHex(key.keyId) !== keyId) throw new Malformed("verifier_key", "a verifier key with an id of another");
    return key;
  }
}

// The parts of a signed note, unverified: text, and signatures as {name, mark, signature}.
// Throws Malformed with the reason of spec 06 §1.
function parseNote(data) {
  if (data.length > NOTE_BYTES_MAX) throw new Malformed("size", "a note that is too long");
  const whole = fromUtf8(data);
  if (CONTROL.test(whole)) throw new Malformed("control", "a note with control characters");
  const split = whole.lastIndexOf("\n\n");
  const rest = split < 0 ? "" : whole.slice(split + 2);
  if (rest === "") throw new Malformed("no_signatures", "a note without signatures");
  const lines = rest.split("\n");
  if (lines.pop() !== "") throw new Malformed("signature_line", "an unfinished signature line");
  if (lines.length > NOTE_SIGNATURES_MAX) throw new Malformed("size", "too many signatures");
  return { text: whole.slice(0, split + 1), signatures: lines.map(parseSignatureLine) };
}

function parseSignatureLine(line) {
  const [dash, name, ...rest] = line.split(" ");
  if (dash !== "\u2014" || name === undefined || !isKeyName(name) || !rest.length) {
    throw new Malformed("signature_line", "not a signature line");
  }
  const blob = fromBase64(rest.join(" "));
  if (blob.length < 5) throw new Malformed("signature_line", "a signature line without a signature");
  return { name, mark: `${name} ${toHex(blob.subarray(0, 4))}`, signature: blob.subarray(4) };
}

// Those of the Ed25519 keys whose signatures the note carries, each once, all of them verified (spec 06 §2).
function verifiedBy(note, keys) {
  const known = new Map(keys.filter((key) => key.type === TYPE_ED25519).map((key) => [key.mark, key]));
  const signed = new Set(), message = utf8(note.text);
  for (const { mark, signature } of note.signatures) {
    const key = known.get(mark);
    if (!key) continue;
    if (!isSigned(key.key, message, signature)) throw new Malformed("bad_signature", `the signature by ${key.name}`);
    signed.add(key);
  }
  if (!signed.size) throw new Malformed("unsigned", "not signed by any of the expected keys");
  return Array.from(signed);
}

// The checkpoint in a note text: {origin, size, root}. Throws Malformed (spec 06 §3).
function parseCheckpoint(text) {
  const lines = text.split("\n");
  if (lines.length !== 4 || lines[3] !== "") throw new Malformed("lines", "a checkpoint has exactly three lines");
  if (lines[0] === "") throw new Malformed("origin", "a checkpoint without an origin");
  const size = parseDecimal(lines[1], "size"), root = fromBase64(lines[2], "root");
  if (root.length !== 32) throw new Malformed("root", `a root of ${root.length} bytes`);
  return { origin: lines[0], size, root };
}

// The time, UTC seconds, at which a witness cosigned. Throws Malformed (`time`, `bad_signature`).
function checkCosignature(note, line, key) {
  const blob = line.signature;
  if (blob.length !== 72) throw new Malformed("bad_signature", `a cosignature by ${line.name} of wrong length`);
  const view = new DataView(blob.buffer, blob.byteOffset);
  if (view.getInt32(0) < 0) throw new Malformed("time", `a cosignature by ${line.name} with an impossible time`);
  const time = integerOf(view.getInt32(0), view.getUint32(4));
  const message = utf8(`cosignature/v1\ntime ${decimalOf(time)}\n${note.text}`);
  if (!isSigned(key.key, message, blob.subarray(8))) {
    throw new Malformed("bad_signature", `the cosignature by ${line.name}`);
  }
  return time;
}
