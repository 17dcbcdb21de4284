// SPDX-License-Identifier: AGPL-3.0-or-later
// The charter: who an organisation is and which keys speak for it (spec 04).

const CHARTERS_MAX = 64;
const ORGANISATION_KINDS = ["assembly", "coop", "union", "city", "association", "firm", "federation"];
const LANGUAGE_TAG = /^[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*$/;
const WHITE_SPACE = "\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000";
const ENDPOINT = new RegExp(`^https?://[^${WHITE_SPACE}/?#]+[^${WHITE_SPACE}]*$`);

function isText(value, least, most) {
  if (typeof value !== "string") return false;
  const length = Array.from(value).length;
  return length >= least && length <= most;
}

function isArrayOf(value, least, most, isItem) {
  return Array.isArray(value) && value.length >= least && value.length <= most && value.every(isItem);
}

// A charter from the encoding of its body, its fields by their names. Throws Malformed (`body`).
function parseCharter(body) {
  const map = orMalformed("body", () => decode(body));
  const charter = {}, recovery = {};
  for (const name of CHARTER_FIELDS) charter[name] = map instanceof Map ? map.get(name) : undefined;
  for (const name of ["keys", "threshold"]) {
    recovery[name] = charter.recovery instanceof Map ? charter.recovery.get(name) : undefined;
  }
  charter.recovery = recovery;
  if (charter.opens !== undefined) charter.opens = readOpens(charter.opens);
  const wrong = CHARTER_RULES.find(([, holds]) => !holds(charter));
  if (wrong) throw new Malformed("body", `not the body of a charter: ${wrong[0]}`);
  return charter;
}

function readOpens(map) {
  if (!(map instanceof Map)) throw new Malformed("body", "not the body of a charter: opens");
  const [epoch, size, root, fork] = ["epoch", "size", "root", "fork"].map((name) => map.get(name));
  const isOpening = isAtLeast(epoch, 2) && isAtLeast(size, 1) && isBytes(root, 32)
    && (fork === undefined || isBytes(fork, 32));
  if (!isOpening) throw new Malformed("body", "not the body of a charter: opens");
  return { epoch, size, root };
}

const CHARTER_FIELDS = ["name", "kind", "languages", "territory", "keys", "recovery", "next", "witnesses", "quorum",
  "endpoints", "licence", "kseq", "opens", "assembly"];

// Each field with its rule (spec 04 §2).
const CHARTER_RULES = [
  ["name", ({ name }) => name instanceof Map && isArrayOf(Array.from(name), 1, 16,
    ([tag, text]) => LANGUAGE_TAG.test(tag) && isText(text, 1, 200))],
  ["kind", ({ kind }) => ORGANISATION_KINDS.includes(kind)],
  ["languages", ({ languages }) => isArrayOf(languages, 1, 16, (tag) => isText(tag, 2, 35) && LANGUAGE_TAG.test(tag))],
  ["territory", ({ territory }) => territory === undefined || isText(territory, 0, 200)],
  ["keys", ({ keys }) => isArrayOf(keys, 1, 4, (key) => isBytes(key, 32))
    && new Set(keys.map(toHex)).size === keys.length],
  ["recovery", ({ recovery, keys }) => isRecoverySet(recovery) && !keys.some((key) => isAmong(key, recovery.keys))],
  ["next", ({ next }) => isBytes(next, 32)],
  ["witnesses", ({ witnesses }) => isArrayOf(witnesses, 0, 16, isWitnessKey)],
  ["quorum", ({ quorum, witnesses }) => isBetween(quorum, 0, witnesses.length)],
  ["endpoints", ({ endpoints }) => isArrayOf(endpoints, 0, 8, (url) => isText(url, 0, 2000) && ENDPOINT.test(url))],
  ["licence", ({ licence }) => isText(licence, 1, 100)],
  ["kseq", ({ kseq }) => isAtLeast(kseq, 0)],
  ["assembly", ({ assembly }) => assembly === undefined
    || (assembly instanceof Map && ["quorum", "majority"].every((name) => isPart(assembly.get(name))))],
];

// A rate (spec 17 §1) of at most the whole.
function isPart(rate) {
  return isArrayOf(rate, 2, 2, (number) => isBetween(number, 0, 1e9)) && rate[1] > 0 && rate[0] <= rate[1];
}

function isRecoverySet({ keys, threshold }) {
  return isArrayOf(keys, 1, 16, (key, i) => isBytes(key, 32) && (i === 0 || compareBytes(keys[i - 1], key) < 0))
    && isBetween(threshold, 1, keys.length);
}

function isWitnessKey(text) {
  if (typeof text !== "string") return false;
  return orMalformed("body", () => VerifierKey.parse(text)).type === TYPE_COSIGNATURE;
}

function isAmong(key, keys) {
  return keys.some((other) => equalBytes(other, key));
}

// What a charter names of the recovery set that will follow (spec 04 §3).
function recoveryDigest(threshold, keys) {
  return sha256(joinBytes(utf8("folkmoot/recovery-set/1\0"), encode([threshold, keys])));
}

// What a log's charters establish: its identity and the keys of its epochs.
class LogKeys {
  constructor(logId, charters) {
    this.logId = logId;
    this.charters = charters;
    this.charter = charters[charters.length - 1];
  }

  // The newest epoch.
  get epoch() {
    const opening = this.charters.filter((charter) => charter.opens).pop();
    return opening ? opening.opens.epoch : 1;
  }

  // The charters under which checkpoints of an epoch were signed, in order. The keys of the last one may sign them; of
  // a closed epoch, that is the one in force when it was closed.
  during(epoch) {
    let now = 1;
    return this.charters.filter((charter) => {
      if (charter.opens) now = charter.opens.epoch;
      return now === epoch;
    });
  }
}

// The keys of a log from the payloads of all its charters in order. Throws Malformed with the reason of spec 04 §4.
function establish(payloads) {
  if (!payloads.length || payloads.length > CHARTERS_MAX) throw new Malformed("body", "a chain without an end");
  let keys = foundLog(payloads[0]);
  for (const payload of payloads.slice(1)) keys = amend(keys, payload);
  return keys;
}

function foundLog(data) {
  const logId = sha256(parsePayload(data).statement);
  const { opened, charter } = openCharter(data, logId, 0);
  if (charter.kseq !== 0) throw new Malformed("kseq", "the first charter has kseq 0");
  if (!isAmong(opened.statement.author, charter.keys)) throw new Malformed("author", "not one of its operating keys");
  if (signedBy(opened, charter.recovery) < charter.recovery.threshold) {
    throw new Malformed("new_threshold", "too few of its recovery keys signed the charter");
  }
  if (charter.opens) throw new Malformed("epoch", "the first charter opens no epoch");
  return new LogKeys(logId, [charter]);
}

function amend(keys, data) {
  const old = keys.charter;
  const { opened, charter } = openCharter(data, keys.logId, 1);
  checkFollowing(keys, charter, opened.statement.author);
  if (signedBy(opened, old.recovery) < old.recovery.threshold) {
    throw new Malformed("old_threshold", "too few recovery keys of the charter in force signed");
  }
  if (signedBy(opened, charter.recovery) < charter.recovery.threshold) {
    throw new Malformed("new_threshold", "too few recovery keys of the new set signed");
  }
  return new LogKeys(keys.logId, keys.charters.concat(charter));
}

function openCharter(data, logId, position) {
  let opened;
  try {
    opened = openPayload(data, commitmentOf(data), logId, position, 1);
  } catch (error) {
    throw error.reason === "wrong_log" ? new Malformed("log_id", error.message) : error; // what a charter calls it
  }
  if (opened.statement.kind !== "charter") throw new Malformed("body", "a statement that is not a charter");
  const charter = parseCharter(opened.statement.body);
  checkSignatures(opened.payload);
  return { opened, charter };
}

// How many keys of a recovery set signed.
function signedBy(opened, recovery) {
  const signers = opened.payload.signatures.map(({ key }) => key);
  return recovery.keys.filter((key) => isAmong(key, signers)).length;
}

// Whether a charter may follow, but for the signatures. Throws Malformed with the reason of spec 04 §4.
function checkFollowing(keys, charter, author) {
  const old = keys.charter;
  if (charter.kseq !== old.kseq + 1) throw new Malformed("kseq", "not the kseq that follows");
  if (!equalBytes(recoveryDigest(charter.recovery.threshold, charter.recovery.keys), old.next)) {
    throw new Malformed("next", "not the recovery set that the charter in force committed to");
  }
  if (!isAmong(author, charter.keys.concat(charter.recovery.keys))) {
    throw new Malformed("author", "the author of an amendment is not one of its own keys");
  }
  if (charter.opens && charter.opens.epoch !== keys.epoch + 1) {
    throw new Malformed("epoch", "not the epoch that follows");
  }
  const known = [].concat(...keys.charters.map((earlier) => earlier.keys));
  const gone = charter.opens ? known : known.filter((key) => !isAmong(key, old.keys));
  if (charter.keys.some((key) => isAmong(key, gone))) {
    throw new Malformed("keys", "an operating key that was removed, or is of the epoch before");
  }
}
