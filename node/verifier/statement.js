// SPDX-License-Identifier: AGPL-3.0-or-later
// Statement, payload, entry (spec 03).

const AT_MAX = 2 ** 40 - 1;
const STATEMENT_BYTES_MAX = 61440;
const PAYLOAD_BYTES_MAX = 65536;
const SIGNATURES_MAX = 16;
const SCOPE_PRIVATE = 2;
const BODY_LIMITS = Object.assign({}, LIMITS, { inputBytes: STATEMENT_BYTES_MAX, depth: 7 });
const PAYLOAD_LIMITS = Object.assign({}, LIMITS, { stringBytes: PAYLOAD_BYTES_MAX });

function isBytes(value, length) {
  return value instanceof Uint8Array && (length === undefined || value.length === length);
}

// The statement in these bytes, its body still encoded; or {opaque} of a version that is not known here.
// Throws Malformed (`statement_form`).
function parseStatement(data) {
  if (data.length > STATEMENT_BYTES_MAX) throw new Malformed("statement_form", "a statement that is too long");
  return readOrOpaque(data, "statement_form", readStatement);
}

function readStatement(data) {
  const reader = new Reader(data);
  const { sort, number } = reader.head();
  if (sort !== "array" || number !== 7) throw new Malformed("statement_form", "not seven parts");
  const [version, logId, kind, id, at, author] = Array.from({ length: 6 }, () => reader.value(0));
  const begin = reader.at;
  reader.skip();
  if (reader.at !== data.length) throw new Malformed("statement_form", "bytes after the statement");
  const body = data.subarray(begin);
  const isStatement = version === 1 && isBytes(logId) && (logId.length === 0 || logId.length === 32)
    && typeof kind === "string" && /^[a-z0-9._-]{1,64}$/.test(kind) && isBytes(id, 16) && isBetween(at, 0, AT_MAX)
    && isBytes(author, 32) && new Reader(body).head().sort === "map";
  if (!isStatement) throw new Malformed("statement_form", "a part of a statement is not of its form");
  return { logId, kind, id, at, author, body };
}

// The body of a statement as a Map. Throws Malformed (`statement_form`).
function readBody(statement) {
  return orMalformed("statement_form", () => decode(statement.body, BODY_LIMITS));
}

// What `read` makes of the bytes; {opaque} for well-encoded ones of a higher version; throws Malformed for all else.
function readOrOpaque(data, reason, read) {
  try {
    return read(data);
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    if (error.reason === "scope") throw error;
    const value = orMalformed(reason, () => decode(data));
    if (Array.isArray(value) && isInteger(value[0]) && isAtLeast(value[0], 2)) return { opaque: value[0] };
    throw new Malformed(reason, error.message);
  }
}

// The payload in these bytes, nothing in it verified: {salt, statement, signatures as {key, signature}}.
// Throws Malformed (`payload_form`, `signature_order`).
function parsePayload(data) {
  const value = orMalformed("payload_form", () => decode(data, PAYLOAD_LIMITS));
  const [salt, statement, pairs] = Array.isArray(value) && value.length === 3 ? value : [];
  const isPair = (pair) => Array.isArray(pair) && pair.length === 2 && isBytes(pair[0], 32) && isBytes(pair[1], 64);
  const isPayload = isBytes(salt, 32) && isBytes(statement) && Array.isArray(pairs) && pairs.every(isPair);
  if (!isPayload || !pairs.length || pairs.length > SIGNATURES_MAX) {
    throw new Malformed("payload_form", "a part of a payload is not of its form");
  }
  const signatures = pairs.map(([key, signature]) => ({ key, signature }));
  for (let i = 1; i < signatures.length; i++) {
    const after = i === 1 || compareBytes(signatures[i - 1].key, signatures[i].key) < 0;
    if (!after || equalBytes(signatures[i].key, signatures[0].key)) {
      throw new Malformed("signature_order", "signatures that are not in ascending order of distinct keys");
    }
  }
  return { salt, statement, signatures };
}

// The commitment to a payload that stands in its entry.
function commitmentOf(payload) {
  return sha256(joinBytes(utf8("folkmoot/payload/1\0"), payload));
}

// The entry in these bytes: {at, scope, commitment}, or {opaque}. Throws Malformed (`entry_form`, `scope`).
function parseEntry(data) {
  return readOrOpaque(data, "entry_form", readEntry);
}

function readEntry(data) {
  const value = decode(data);
  const [version, at, scope, commitment] = Array.isArray(value) && value.length === 4 ? value : [];
  if (version !== 1 || !isBetween(at, 0, AT_MAX) || !isInteger(scope) || !isBytes(commitment, 32)) {
    throw new Malformed("entry_form", "a part of an entry is not of its form");
  }
  if (!isBetween(scope, 0, SCOPE_PRIVATE)) throw new Malformed("scope", "an entry with an unknown scope");
  return { at, scope, commitment };
}

// What the authors of a statement sign.
function signedMessage(statement) {
  return joinBytes(utf8("folkmoot/statement/1\0"), statement);
}

// A payload checked against its entry, the log and its place (spec 03 §4), but for the signatures themselves:
// {payload, statement}. Throws Malformed with the reason of that section.
function openPayload(data, commitment, logId, position, epoch) {
  if (!equalBytes(commitmentOf(data), commitment)) throw new Malformed("commitment", "not the entry's payload");
  const payload = parsePayload(data), statement = parseStatement(payload.statement);
  if (statement.opaque !== undefined) return { payload, statement };
  const isFirst = position === 0 && epoch === 1; // a later epoch begins with the amendment that opens it
  if (isFirst ? statement.logId.length || !equalBytes(sha256(payload.statement), logId)
    : !equalBytes(statement.logId, logId)) {
    throw new Malformed("wrong_log", "a statement made for another log");
  }
  if (!equalBytes(payload.signatures[0].key, statement.author)) {
    throw new Malformed("author_signature", "the first signature is not the author's");
  }
  return { payload, statement };
}

// Throws Malformed (`bad_signature`) unless all signatures of a payload hold.
function checkSignatures(payload) {
  const message = signedMessage(payload.statement);
  for (const { key, signature } of payload.signatures) {
    if (!isSigned(key, message, signature)) {
      throw new Malformed("bad_signature", `the signature by ${toHex(key).slice(0, 16)} does not hold`);
    }
  }
}
