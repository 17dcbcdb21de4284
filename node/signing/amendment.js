// SPDX-License-Identifier: AGPL-3.0-or-later
// An amendment of a charter on its way from holder to holder (spec 04 §8): read, checked, signed, written.

const AMENDMENT_BYTES_MAX = 1048576;
const AMENDMENT_SCHEMA = "folkmoot.amendment/1";
const PART_FIELDS = {
  recovery: ["keys", "threshold"], opens: ["epoch", "size", "root", "fork"], assembly: ["quorum", "majority"],
};

// The amendment in a file: {keys, charters and statementText as they stand in the file, statement, charter, author,
// signatures as {key, signature}}. Throws Malformed: `file`, or the reason of what it holds.
function readAmendment(bytes) {
  if (bytes.length > AMENDMENT_BYTES_MAX) throw new Malformed("file", "an amendment that is too long");
  const file = readFileFields(bytes);
  const keys = establish(file.charters.map((text) => fromBase64(text, "file")));
  const statement = fromBase64(file.statement, "file"), parsed = parseStatement(statement);
  if (parsed.opaque !== undefined || parsed.kind !== "charter") {
    throw new Malformed("body", "what is to be signed is not a charter");
  }
  if (!equalBytes(parsed.logId, keys.logId)) throw new Malformed("log_id", "the amendment is for another log");
  const charter = parseCharter(parsed.body);
  checkFollowing(keys, charter, parsed.author);
  const signatures = file.signatures.map(([key, signature]) => ({ key: fromHex(key), signature: fromHex(signature) }));
  for (const { key, signature } of signatures) {
    if (!isSigned(key, signedMessage(statement), signature)) {
      throw new Malformed("bad_signature", `the signature by ${toHex(key).slice(0, 16)} does not hold`);
    }
  }
  const { charters, statement: statementText } = file;
  return { keys, charters, statementText, statement, charter, body: parsed.body, signatures };
}

function readFileFields(bytes) {
  let file = null;
  try {
    file = JSON.parse(fromUtf8(bytes, "file"));
  } catch (error) {
    // what is no JSON is refused with the rest
  }
  const isText = (text) => typeof text === "string";
  const isHex = (text, length) => isText(text) && text.length === 2 * length && /^[0-9a-fA-F]*$/.test(text);
  const isPair = (pair) => Array.isArray(pair) && pair.length === 2 && isHex(pair[0], 32) && isHex(pair[1], 64);
  if (file === null || typeof file !== "object" || file.schema !== AMENDMENT_SCHEMA || !isText(file.statement)
    || !Array.isArray(file.charters) || !file.charters.every(isText) || !Array.isArray(file.signatures)
    || !file.signatures.every(isPair) || file.signatures.length > SIGNATURES_MAX) {
    throw new Malformed("file", "not an amendment");
  }
  if (new Set(file.signatures.map(([key]) => key.toLowerCase())).size !== file.signatures.length) {
    throw new Malformed("file", "a key that signed twice");
  }
  return file;
}

// The file of an amendment, as text.
function writeAmendment({ charters, statementText, signatures }) {
  const pairs = signatures.map(({ key, signature }) => [toHex(key), toHex(signature)]);
  const file = { schema: AMENDMENT_SCHEMA, charters, statement: statementText, signatures: pairs };
  return `${JSON.stringify(file, null, 1)}\n`;
}

// How many holders have signed with the set in force and with the one that follows, whichever is less.
function holdersSigned({ keys, charter, signatures }) {
  const count = (recovery) => recovery.keys.filter((key) => signatures.some((one) => equalBytes(one.key, key))).length;
  return Math.min(count(keys.charter.recovery), count(charter.recovery));
}

// How many more of the holders have to sign.
function holdersLacking(amendment) {
  return Math.max(0, amendment.keys.charter.recovery.threshold - holdersSigned(amendment));
}

// With the signatures of one more holder, by their keys of both generations. Throws SheetFault, or Malformed (`body`)
// for a charter that says what no spec names: nobody could tell what is signed.
function signAmendment(amendment, secret) {
  const { keys, charter, statement, body, signatures } = amendment, old = keys.charter;
  const strange = unknownFields(decode(body));
  if (strange.length) throw new Malformed("body", `the charter says what is not known here: ${strange.join(", ")}`);
  const seeds = [[recoverySeed(secret, old.kseq), old], [recoverySeed(secret, charter.kseq), charter]];
  const signed = signatures.slice();
  let belongs = false, added = false;
  for (const [seed, { recovery }] of seeds) {
    const key = expandSeed(seed).public;
    if (!isAmong(key, recovery.keys)) continue;
    belongs = true;
    if (signed.some((one) => equalBytes(one.key, key))) continue;
    signed.push({ key, signature: signMessage(seed, signedMessage(statement)) });
    added = true;
  }
  if (!belongs) throw new SheetFault(isEarlier(keys, secret) ? "sheet_earlier" : "sheet_other");
  if (!added) throw new SheetFault("signed_already");
  if (signed.length > SIGNATURES_MAX) throw new SheetFault("signed_enough");
  return Object.assign({}, amendment, { signatures: signed });
}

function isEarlier(keys, secret) {
  return keys.charters.some(({ kseq, recovery }) => (
    isAmong(expandSeed(recoverySeed(secret, kseq)).public, recovery.keys)
  ));
}

// What a charter holds that spec 04 §2 does not name.
function unknownFields(map) {
  const found = [];
  map.forEach((value, name) => {
    if (!CHARTER_FIELDS.includes(name)) found.push(name);
    else if (PART_FIELDS[name] && value instanceof Map) {
      value.forEach((_, inner) => PART_FIELDS[name].includes(inner) || found.push(`${name}.${inner}`));
    }
  });
  return found;
}

// What an amendment changes, as {what, before, after}, the latter two lists of texts; as ledger/showing/charter.py.
function amendmentChanges({ keys, charter }) {
  const old = keys.charter, found = [];
  const add = (what, before, after) => found.push({ what, before, after });
  charter.keys.filter((key) => !isAmong(key, old.keys)).forEach((key) => add("new_key", [], [fingerprint(key)]));
  old.keys.filter((key) => !isAmong(key, charter.keys)).forEach((key) => add("removed_key", [fingerprint(key)], []));
  const pairs = ["name", "kind", "languages", "territory", "endpoints", "witnesses", "quorum", "licence"]
    .map((name) => [name, fieldTexts(old[name]), fieldTexts(charter[name])]);
  pairs.push(["assembly", rulesTexts(old.assembly), rulesTexts(charter.assembly)]);
  pairs.push(["threshold", [decimalOf(old.recovery.threshold)], [decimalOf(charter.recovery.threshold)]]);
  pairs.filter(([, before, after]) => JSON.stringify(before) !== JSON.stringify(after)).forEach((pair) => add(...pair));
  if (charter.opens) add("epoch", [], [decimalOf(charter.opens.epoch), decimalOf(charter.opens.size)]);
  return found;
}

function fieldTexts(value) {
  if (value instanceof Map) return Array.from(value, ([tag, text]) => `${tag}: ${text}`);
  if (Array.isArray(value)) return value;
  return value === undefined || value === "" ? [] : [isInteger(value) ? decimalOf(value) : value];
}

function rulesTexts(rules) {
  return rules ? ["quorum", "majority"].map((name) => rateText(rules.get(name))) : [];
}

// In per cent if that is exact to four decimals, else as a fraction.
function rateText([part, whole]) {
  return (part * 1e6) % whole ? `${part}/${whole}` : `${(part * 1e6) / whole / 1e4} %`;
}

// A key as people compare it.
function fingerprint(key) {
  return toHex(key).slice(0, 20).match(/.{4}/g).join(" ");
}
