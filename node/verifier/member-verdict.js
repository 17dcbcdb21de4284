// SPDX-License-Identifier: AGPL-3.0-or-later
// The verdict on a member statement (spec 20 §2), reached in pieces, so that the page stays alive meanwhile.

const PIECE_MS = 30;

// The verdict on a member statement under the reader's trust file, or else (null) under the statement's own:
// {verdict, why, ownTrust, statement, keys, checkpoint, origin, signer, witnesses, told, leaves}, as far as the check
// came. `progress` is called with how many of how many entries have been checked.
async function judgeMember(data, trust, progress) {
  const found = { ownTrust: trust !== null };
  try {
    const statement = await readMember(data, found);
    found.statement = statement;
    checkMemberCheckpoint(statement, trust || parseTrust(statement.trust), found);
    checkMemberInclusion(statement, found.checkpoint);
    const told = await openEntries(statement, progress);
    checkState(statement, told[told.length - 1], found);
    replayMember(statement.member, told, found.leaves, currentKeys(found.keys, statement.epoch));
    return Object.assign(found, { verdict: "true", why: "everything holds", told });
  } catch (error) {
    if (error instanceof Malformed) return Object.assign(found, { verdict: "malformed", why: error.message });
    if (error instanceof Failed) return Object.assign(found, { verdict: error.verdict, why: error.message });
    throw error;
  }
}

// Lets the page do something else if it has waited for a while; `since` is what the last call gave.
async function breathe(since) {
  if (Date.now() - since < PIECE_MS) return since;
  await new Promise((resolve) => setTimeout(resolve, 0));
  return Date.now();
}

// The statement, all parts of their form; leaves and checkpoint go into `found`. Throws Malformed.
async function readMember(data, found) {
  const statement = parseMemberStatement(data);
  const note = parseNote(statement.note), checkpoint = parseCheckpoint(note.text);
  if (!found.ownTrust) parseTrust(statement.trust);
  const leaves = statement.leaves.map(([, leaf]) => parseStateLeaf(leaf));
  let since = Date.now();
  for (const { entry, payload } of statement.entries) {
    parseEntry(entry);
    if (payload.length) {
      const said = parseStatement(parsePayload(payload).statement);
      if (said.opaque === undefined) readBody(said);
    }
    since = await breathe(since);
  }
  Object.assign(found, { note, checkpoint, leaves });
  return statement;
}

// The operating keys that may speak in an epoch.
function currentKeys(keys, epoch) {
  return keys.during(epoch).pop().keys;
}

// Throws Failed unless the charters establish the log, and its checkpoint is one to be trusted.
function checkMemberCheckpoint(statement, trust, found) {
  const { log, epoch, charters } = statement, { note, checkpoint } = found;
  const established = verdictOf(() => ({ keys: establish(charters) }), () => "false: charters");
  if (established.verdict) throw new Failed(established.verdict, `the charters do not hold: ${established.why}`);
  const { keys } = established, during = keys.during(epoch);
  if (!equalBytes(keys.logId, log)) throw new Failed("false: charters", "the charters are those of another log");
  if (!during.length) throw new Failed("false: charters", "the charters never opened this epoch");
  if (checkpoint.origin !== showOrigin(log, epoch)) {
    throw new Failed("false: charters", `the checkpoint is one of ${checkpoint.origin}`);
  }
  Object.assign(found, { keys, origin: { logId: log, epoch } });
  const judged = judgeCheckpoint(note, checkpoint, trust);
  if (judged.verdict) throw new Failed(judged.verdict, judged.why);
  const named = [].concat(...during.map((charter) => charter.keys));
  if (!judged.signers.some(({ key }) => isAmong(key, named))) {
    throw new Failed("false: charters", "the key that signed the checkpoint is in none of the charters");
  }
  Object.assign(found, judged);
}

function orFailed(verdict, what, check) {
  try {
    return check();
  } catch (error) {
    throw error instanceof Malformed ? new Failed(verdict(error.reason), `${what}: ${error.message}`) : error;
  }
}

function checkMemberInclusion({ entries, hashes }, { size, root }) {
  const positions = entries.map(({ position }) => position), leaves = entries.map(({ entry }) => leafHash(entry));
  orFailed(() => "false: inclusion", "the entries are not in the log at their positions", () => {
    checkMultiproof(positions, leaves, size, hashes, root);
  });
}

// Each entry with what it says, checked against its commitment, its log and its signatures.
async function openEntries(statement, progress) {
  const { entries, log, epoch } = statement, told = [];
  let since = Date.now();
  for (const { position, entry, payload, concerns } of entries) {
    const header = parseEntry(entry);
    const one = { position, entry: header, leaf: leafHash(entry), concerns, statement: null, body: null, signers: [] };
    const isShown = payload.length && header.opaque === undefined;
    if (isShown) Object.assign(one, openEntry(position, header, payload, log, epoch));
    told.push(one);
    const before = since;
    since = await breathe(since);
    if (since !== before) progress(told.length, entries.length);
  }
  return told;
}

function openEntry(position, header, payload, log, epoch) {
  const verdict = (reason) => (reason === "commitment" ? "false: commitment" : "false: statement");
  return orFailed(verdict, `entry ${decimalOf(position)}`, () => {
    const opened = openPayload(payload, header.commitment, log, position, epoch);
    if (opened.statement.opaque !== undefined) return {};
    checkSignatures(opened.payload);
    const signers = opened.payload.signatures.map(({ key }) => key);
    return { statement: opened.statement, body: readKnownBody(opened.statement), signers };
  });
}

// Throws Failed unless the last entry states the root over the leaves that are given.
function checkState(statement, last, { keys, leaves }) {
  const at = decimalOf(last.position), { epoch, member } = statement;
  if (!last.statement) throw new Failed("no payload", `the state at entry ${at} is not shown`);
  if (last.statement.kind !== "state" || !last.body || last.concerns.length) {
    throw new Failed("false: state", `entry ${at}, the last one, does not state the state of the log`);
  }
  if (!isAmong(last.statement.author, currentKeys(keys, epoch))) {
    throw new Failed("false: state", `the state at entry ${at} is not by an operating key in force`);
  }
  const [size, total, root] = ["size", "leaves", "root"].map((name) => last.body.get(name));
  if (!equalIntegers(size, last.position)) {
    throw new Failed("false: state", `entry ${at} states the state at ${decimalOf(size)}`);
  }
  const indexes = statement.leaves.map(([index]) => index), hashes = statement.leaves.map(([, leaf]) => leafHash(leaf));
  orFailed(() => "false: state", `the balances given are not those that entry ${at} states`, () => {
    checkMultiproof(indexes, hashes, total, statement.path, root);
  });
  const members = leaves.filter(({ sort }) => sort === SORT_MEMBER);
  if (members.length !== 1 || !equalBytes(members[0].id, member)) {
    throw new Failed("false: state", "the leaves are not those of this member");
  }
}
