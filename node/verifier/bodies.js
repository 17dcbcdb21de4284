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
const BASIS_FIELDS = "contract clause claim event events commit dividend post period".split(" ");
const LEGS = both(listOf(tuple(ID, AMOUNT), 0, 2048), (legs) => ascends(legs.map(([account]) => account)));
const PROVEN_ENTRY = fields({
  charters: listOf(anyBytes, 1, 64), note: anyBytes, index: count, hashes: listOf(HASH, 0, 63), entry: anyBytes,
  payload: anyBytes,
});

// Whether at least one of these fields is there.
const sets = (...names) => (body) => names.some((name) => body.has(name));

// What the basis of a post names beside `decision` (spec 17 §7): all before the stroke, those after it if it likes.
const BASES = {
  opening: "/", transfer: "/", contribution: "/", exchange: "/", demurrage: "/", share_in: "/contract clause",
  share_out: "/contract clause", settle: "claim/contract", wage: "contract clause claim/",
  guarantee_call: "contract clause claim/", writeoff: "claim/", reinvest: "contract clause claim/events",
  access_fee: "contract clause/event commit", dividend: "contract clause dividend/", rent: "contract clause period/",
  host_fee: "contract clause post/", correction: "post/",
};

function basisFits(body) {
  const code = body.get("code"), basis = body.get("basis") || new Map();
  const [needs, may] = BASES[code].split("/").map((names) => names.split(" ").filter((name) => name));
  const named = BASIS_FIELDS.filter((name) => basis.has(name));
  if (code === "access_fee" && basis.has("event") === basis.has("commit")) return false;
  if (may.includes("clause") && basis.has("contract") !== basis.has("clause")) return false;
  return needs.every((name) => basis.has(name)) && named.every((name) => needs.concat(may).includes(name));
}

// Begin and end stand together, and no more than 400 days apart.
function bookingFits(body) {
  if (body.has("begin") !== body.has("end")) return false;
  const length = body.get("end") - body.get("begin");
  return !body.has("begin") || (length > 0 && length <= 400 * 86400);
}

const BODIES = {
  "unit.define": fields({
    code: UNIT_CODE, scale: whole(0, 9), sort: oneOf("money time credit share count energy co2e goods"),
    name: LANGUAGE_NAMES,
  }),
  "member.join": both(
    fields({ key: HASH, class: MEMBER_CLASS, custody: CUSTODY, "votes?": flag, "group?": flag }),
    (body) => !(body.get("group") && body.get("votes")),
  ),
  "member.set": both(
    fields({
      member: ID, "key?": HASH, "custody?": CUSTODY, "class?": MEMBER_CLASS, "status?": oneOf("active paused left"),
      "votes?": flag, "delegate?": either(ID, bytesOf(0)), "consent?": AMOUNT_FROM_0, "decision?": ID,
    }),
    sets("key", "custody", "class", "status", "votes", "delegate", "consent"),
  ),
  "member.profile": fields({
    member: ID, "name?": plainWords(0, 500), "contact?": plainWords(0, 500), "about?": plainWords(0, 500),
    "languages?": listOf(both(words(0, 35), matching(LANGUAGE_TAG)), 0, 16),
  }),
  "account.open": both(
    fields({
      owner: PARTY, unit: UNIT_CODE, type: oneOf("member pool fund reserve connector external"), "floor?": AMOUNT,
      "ceiling?": AMOUNT, "peer?": HASH, "title?": LANGUAGE_NAMES,
    }),
    (body) => (body.get("type") === "connector") === body.has("peer"),
  ),
  "account.set": both(
    fields({
      account: ID, "floor?": AMOUNT, "ceiling?": AMOUNT, "state?": oneOf("open frozen closed"), "decision?": ID,
    }),
    sets("floor", "ceiling", "state"),
  ),
  "contract.offer": both(
    fields({
      parties: both(listOf(PARTY, 1, 16), ascends), clauses: CLAUSE_LIST, from: DAY, title: LANGUAGE_NAMES,
      "accede?": listOf(MEMBER_CLASS, 0, 8), "until?": DAY, "supersedes?": ID,
    }),
    (body) => !body.has("until") || body.get("until") >= body.get("from"),
  ),
  "contract.sign": fields({ contract: ID, party: PARTY, terms: HASH }),
  "contract.end": fields({ contract: ID, on: DAY, "decision?": ID }),
  "commit": both(
    fields({
      action: ACTION, provider: PARTY, receiver: PARTY, "resource?": ID, "quantity?": QUANTITY, "begin?": SECONDS,
      "end?": SECONDS, "due?": DAY, "contract?": ID,
    }),
    bookingFits,
  ),
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
  "post": both(
    fields({ code: oneOf(Object.keys(BASES).join(" ")), legs: LEGS, on: DAY, "basis?": BASIS }),
    basisFits,
  ),
  "dividend": fields({
    contract: ID, clause: whole(0, 31), from: MONTH, until: MONTH, surplus: AMOUNT, pool: ID, decision: ID,
  }),
  "proposal": fields({
    title: LANGUAGE_NAMES, choices: listOf(plainWords(1, 200), 2, 16), closes: DAY,
    "acts?": listOf(tuple(words(0, 64), HASH), 0, 16), "rule?": plainWords(0, 64),
  }),
  "vote": fields({ proposal: ID, member: ID, choice: whole(0, 15) }),
  "decision": fields({ proposal: ID, choice: whole(0, 15), counts: listOf(count, 0, 16), abstained: count }),
  "dispute.open": fields({ about: ID }),
  "dispute.close": fields({ dispute: ID, outcome: oneOf("upheld withdrawn settled"), "decision?": ID }),
  "state": fields({ size: count, leaves: count, root: HASH }),
  "note": fields({ about: ID, text: plainWords(1, 2000), "shows?": plainWords(0, 2000) }),
  "xfer.reserve": fields({
    account: ID, connector: ID, log: HASH, to: ID, amount: AMOUNT, unit: UNIT_CODE, scale: whole(0, 9),
    deadline: SECONDS, "last?": tuple(count, HASH),
  }),
  "xfer.accept": fields({
    transfer: ID, log: HASH, account: ID, connector: ID, amount: AMOUNT, unit: UNIT_CODE, proof: PROVEN_ENTRY,
  }),
  "xfer.refuse": fields({
    transfer: ID, log: HASH, why: oneOf("limit unwanted unknown late unit"), proof: PROVEN_ENTRY,
  }),
  "xfer.post": fields({ transfer: ID, proof: PROVEN_ENTRY }),
  "xfer.void": both(
    fields({ transfer: ID, "proof?": PROVEN_ENTRY, "decision?": ID }),
    (body) => body.has("proof") !== body.has("decision"),
  ),
};

// What a statement says, as a Map; null for a kind or a value in it that is not known here.
function readKnownBody(statement) {
  const body = readBody(statement);
  return BODIES.hasOwnProperty(statement.kind) && BODIES[statement.kind](body) ? body : null;
}
