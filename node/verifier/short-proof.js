// SPDX-License-Identifier: AGPL-3.0-or-later
// The short form of a proof, for QR codes, and its parts (spec 20 §4).

const PART_TEXT = /^(?:[^#\t-\r\x20]*#)?([1-9])\.([1-9])\.([0-9]{4})\.([0-9]+)$/;
const GROUP_BYTES = 22;
const DIGITS_OF = []; // so many digits stand for so many bytes
for (let count = 0; count <= GROUP_BYTES; count++) DIGITS_OF.push(Math.ceil(count * 8 * Math.LOG10E * Math.LN2));

// One part of a sequence: {number, total, tag, digits}. Throws Malformed (`part`).
function parsePart(text) {
  const match = PART_TEXT.exec(text.trim());
  if (!match) throw new Malformed("part", "not a part of a short proof");
  return { number: Number(match[1]), total: Number(match[2]), tag: match[3], digits: match[4] };
}

// The bytes that digits stand for. Throws Malformed (`digits`).
function fromDigits(digits) {
  const groups = digits.match(/[0-9]{1,53}/g) || [];
  return joinBytes(...groups.map((group) => {
    const length = DIGITS_OF.indexOf(group.length), bytes = new Uint8Array(Math.max(length, 0));
    let over = length < 0 ? 1 : 0;
    for (let at = 0; at < group.length && !over; at++) {
      let carry = Number(group[at]);
      for (let i = length - 1; i >= 0; i--) {
        carry += bytes[i] * 10;
        bytes[i] = carry % 256;
        carry = Math.floor(carry / 256);
      }
      over = carry;
    }
    if (over) throw new Malformed("digits", "digits that stand for no bytes");
    return bytes;
  }));
}

// The data of parts in any order. Throws Malformed: `part`, `digits`, `tag`.
function joinParts(texts) {
  const parts = new Map();
  for (const part of texts.map(parsePart)) {
    const first = parts.size ? parts.values().next().value : part;
    if (part.total !== first.total || part.tag !== first.tag) throw new Malformed("part", "a part of another proof");
    if (parts.has(part.number) || part.number > part.total) throw new Malformed("part", "a part that is there twice");
    parts.set(part.number, part);
  }
  const total = parts.size ? parts.values().next().value.total : 1;
  let digits = "";
  for (let number = 1; number <= total; number++) {
    if (!parts.has(number)) throw new Malformed("part", `part ${number} of ${total} is missing`);
    digits += parts.get(number).digits;
  }
  const data = fromDigits(digits), tag = new DataView(sha256(data).buffer).getUint32(0) % 10000;
  if (tag !== Number(parts.get(1).tag)) throw new Malformed("tag", "the parts do not belong together");
  return data;
}

const SIGNATURE_PAIR = tuple(anyBytes, anyBytes);
const NOTE_NAME = (value) => value === 0 || anyBytes(value) || typeof value === "string";
const SHORT_BEGIN = [
  whole(1, 2), HASH, whole(1, TWO_32), count, listOf(tuple(NOTE_NAME, anyBytes), 0, 4096), count, anyBytes, count,
  count, HASH, listOf(SIGNATURE_PAIR, 1, 4096),
];
const SHORT_ENTRY = tuple(...SHORT_BEGIN, words(0, 65535), ID, isInteger, (body) => body instanceof Map);
const SHORT_BALANCE = tuple(...SHORT_BEGIN, ID, isInteger, count, count, anyBytes, anyBytes);

// The proof file that a short form stands for. Throws Malformed (`short`).
function unpackShort(packed) {
  return orMalformed("short", () => {
    const value = decode(packed);
    const isBalanceForm = Array.isArray(value) && value[0] === 2;
    if (!(isBalanceForm ? SHORT_BALANCE : SHORT_ENTRY)(value)) throw new Malformed("short", "not a short proof");
    const common = value.slice(0, SHORT_BEGIN.length), rest = value.slice(SHORT_BEGIN.length);
    return isBalanceForm ? unpackBalance(common, rest) : unpackEntry(common, rest);
  });
}

function unpackEntry(common, [kind, id, before, body]) {
  return writeProof(common, kind, id, before, body, (entry, payload) => [entry, payload]);
}

function unpackBalance(common, [id, before, leaves, index, leaf, path]) {
  parseStateLeaf(leaf);
  const hashes = cutHashes(path), root = rootFromInclusion(index, leaves, leafHash(leaf), hashes);
  const body = new Map([["leaves", leaves], ["root", root], ["size", common[5]]]);
  return writeProof(common, "state", id, before, body, (entry, payload) => [entry, payload, index, leaf, hashes]);
}

// The proof file, whose `extra` is what `extraOf` makes of the entry and the payload.
function writeProof(common, kind, id, before, body, extraOf) {
  const [, log, epoch, size, lines, position, joined, at, scope, salt, signatures] = common;
  const said = typeof at === "number" && typeof before === "number" ? at - before : -1;
  const logId = position === 0 && epoch === 1 ? new Uint8Array(0) : log;
  const statement = encode([1, logId, kind, id, said, signatures[0][0], body]);
  if (parseStatement(statement).opaque !== undefined) throw new Malformed("short", "of another version");
  const others = signatures.slice(1).sort((one, other) => compareBytes(one[0], other[0]));
  const payload = encode([salt, statement, [signatures[0]].concat(others)]);
  parsePayload(payload);
  const entry = encode([1, at, scope, commitmentOf(payload)]);
  const hashes = cutHashes(joined), origin = showOrigin(log, epoch);
  const root = rootFromInclusion(position, size, leafHash(entry), hashes);
  const head = [PROOF_HEADER, `extra ${toBase64(encode(extraOf(entry, payload)))}`, `index ${decimalOf(position)}`];
  const note = [origin, decimalOf(size), toBase64(root), ""];
  const signed = lines.map(([name, blob]) => `\u2014 ${nameInNote(name, origin)} ${toBase64(blob)}\n`);
  return utf8(head.concat(hashes.map(toBase64), "", note).join("\n") + `\n${signed.join("")}`);
}

function nameInNote(name, origin) {
  if (name === 0) return origin;
  return typeof name === "string" ? name : `folkmoot/${showLogId(name)}/witness`;
}

function cutHashes(joined) {
  if (joined.length % 32) throw new Malformed("short", "hashes that are not 32 bytes each");
  const hashes = [];
  for (let at = 0; at < joined.length; at += 32) hashes.push(joined.subarray(at, at + 32));
  return hashes;
}
