// SPDX-License-Identifier: AGPL-3.0-or-later
// What statements of the reciprocity ledger say: the shapes of their bodies (specs 17 §3, 19).

const ACTION = oneOf("produce consume use work cite deliverService pickup dropoff accept modify combine separate "
  + "transferAllRights transferCustody transfer move raise lower copy");
const QUANTITY = fields({ amount: AMOUNT, unit: UNIT_CODE });
const CUSTODY = oneOf("own node");
const IDS_IN_ORDER = both(listOf(ID, 1, 256), ascends);
const BASIS = fields({
  "contract?": ID, "clause?": whole(0, 31), "claim?": ID, "event?": ID, "events?": IDS_IN_ORDER, "commit?": ID,
  "dividend?": ID, "post?": ID, "period?": count, "decision?": ID,
});
const LEGS = both(listOf(tuple(ID, AMOUNT), 0, 2048), (legs) => ascends(legs.map(([account]) => account)));
const PROVEN_ENTRY = fields({
  charters: listOf(anyBytes, 1, 64), note: anyBytes, index: count, hashes: listOf(HASH, 0, 63), entry: anyBytes,
  payload: anyBytes,
});

const BODIES = {
  "unit.define": fields({
    code: UNIT_CODE, scale: whole(0, 9), sort: oneOf("money time credit share count energy co2e goods"),
    name: both(LANGUAGE_NAMES, (names) => Array.from(names.keys()).every((tag) => LANGUAGE_TAG.test(tag))),
  }),
  "member.join": fields({ key: HASH, class: MEMBER_CLASS, custody: CUSTODY, "votes?": flag, "group?": flag }),
  "member.set": fields({
    member: ID, "key?": HASH, "custody?": CUSTODY, "class?": MEMBER_CLASS, "status?": oneOf("active paused left"),
    "votes?": flag, "delegate?": both(anyBytes, (id) => id.length <= 16), "consent?": AMOUNT, "decision?": ID,
  }),
  "member.profile": fields({
    member: ID, "name?": words(0, 500), "contact?": words(0, 500), "languages?": listOf(words(0, 35), 0, 16),
    "about?": words(0, 500),
  }),
  "account.open": fields({
    owner: PARTY, unit: UNIT_CODE, type: oneOf("member pool fund reserve connector external"), "floor?": AMOUNT,
    "ceiling?": AMOUNT, "peer?": HASH, "title?": LANGUAGE_NAMES,
  }),
  "account.set": fields({
    account: ID, "floor?": AMOUNT, "ceiling?": AMOUNT, "state?": oneOf("open frozen closed"), "decision?": ID,
  }),
  "contract.offer": fields({
    parties: both(listOf(PARTY, 1, 16), ascends), clauses: CLAUSE_LIST, from: DAY, title: LANGUAGE_NAMES,
    "accede?": listOf(MEMBER_CLASS, 0, 8), "until?": DAY, "supersedes?": ID,
  }),
  "contract.sign": fields({ contract: ID, party: PARTY, terms: HASH }),
  "contract.end": fields({ contract: ID, on: DAY, "decision?": ID }),
  "commit": fields({
    action: ACTION, provider: PARTY, receiver: PARTY, "resource?": ID, "quantity?": QUANTITY, "begin?": SECONDS,
    "end?": SECONDS, "due?": DAY, "contract?": ID,
  }),
  "commit.cancel": fields({ commit: ID }),
  "event": fields({
    action: ACTION, provider: PARTY, receiver: PARTY, on: DAY, stream: oneOf("livelihood love care"),
    expects: oneOf("reciprocity none"), "resource?": ID, "to?": ID, "quantity?": QUANTITY, "effort?": QUANTITY,
    "fulfils?": ID, "contract?": ID, "footprint?": listOf(QUANTITY, 0, 8),
  }),
  "ack": fields({ event: ID, says: oneOf("thanks confirmed used") }),
  "correct": fields({ event: ID }),
  "claim": fields({
    debtor: PARTY, creditor: PARTY, amount: AMOUNT, unit: UNIT_CODE, account: ID, "ended?": DAY, "due?": DAY,
    "contract?": ID, "for?": PARTY,
  }),
  "advance": fields({ claim: ID, on: DAY }),
  "post": fields({
    code: oneOf("opening transfer contribution exchange demurrage share_in share_out settle wage guarantee_call "
      + "writeoff reinvest access_fee dividend rent host_fee correction"),
    legs: LEGS, on: DAY, "basis?": BASIS,
  }),
  "dividend": fields({
    contract: ID, clause: whole(0, 31), from: MONTH, until: MONTH, surplus: AMOUNT, pool: ID, decision: ID,
  }),
  "proposal": fields({
    title: LANGUAGE_NAMES, choices: listOf(words(1, 200), 2, 16), closes: DAY,
    "acts?": listOf(tuple(words(0, 64), HASH), 0, 16), "rule?": words(0, 64),
  }),
  "vote": fields({ proposal: ID, member: ID, choice: whole(0, 15) }),
  "decision": fields({ proposal: ID, choice: whole(0, 15), counts: listOf(count, 0, 16), abstained: count }),
  "dispute.open": fields({ about: ID }),
  "dispute.close": fields({ dispute: ID, outcome: oneOf("upheld withdrawn settled"), "decision?": ID }),
  "state": fields({ size: count, leaves: count, root: HASH }),
  "note": fields({ about: ID, text: words(1, 2000), "shows?": words(0, 2000) }),
  "xfer.reserve": fields({
    account: ID, connector: ID, log: HASH, to: ID, amount: AMOUNT, unit: UNIT_CODE, deadline: SECONDS,
    "last?": tuple(count, HASH),
  }),
  "xfer.accept": fields({
    transfer: ID, log: HASH, account: ID, connector: ID, amount: AMOUNT, unit: UNIT_CODE, proof: PROVEN_ENTRY,
  }),
  "xfer.refuse": fields({
    transfer: ID, log: HASH, why: oneOf("limit unwanted unknown late unit"), proof: PROVEN_ENTRY,
  }),
  "xfer.post": fields({ transfer: ID, proof: PROVEN_ENTRY }),
  "xfer.void": fields({ transfer: ID, "proof?": PROVEN_ENTRY, "decision?": ID }),
};

// What a statement says, as a Map; null for a kind or a value in it that is not known here.
function readKnownBody(statement) {
  const body = readBody(statement);
  return BODIES.hasOwnProperty(statement.kind) && BODIES[statement.kind](body) ? body : null;
}
