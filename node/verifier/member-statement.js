// SPDX-License-Identifier: AGPL-3.0-or-later
// The member statement: its form, and what its entries make of the member and the accounts (spec 20).

const MEMBER_HEADER = "folkmoot/member-statement/1\n";
const MEMBER_BYTES_MAX = 8388608;
const MEMBER_LIMITS = {
  inputBytes: MEMBER_BYTES_MAX - MEMBER_HEADER.length, stringBytes: 65536, arrayElements: 100000, mapEntries: 16,
  depth: 4,
};
const SORT_MEMBER = 0;
const SORT_ACCOUNT = 1;
const MEMBER_FIELDS = {
  log: HASH, epoch: (value) => isAtLeast(value, 1), member: ID, charters: listOf(anyBytes, 1, CHARTERS_MAX),
  note: anyBytes, trust: anyBytes, entries: listOf(tuple(count, anyBytes, anyBytes, listOf(count, 0, 1e5)), 1, 1e5),
  hashes: listOf(HASH, 0, 1e5), leaves: listOf(tuple(count, anyBytes), 1, 1e5), path: listOf(HASH, 0, 1e5),
};
const MEMBER_SHAPE = fields(MEMBER_FIELDS);

function isMemberStatement(data) {
  return equalBytes(data.subarray(0, MEMBER_HEADER.length), utf8(MEMBER_HEADER));
}

// The parts of a member statement by their names; nothing in it is verified yet. Throws Malformed.
function parseMemberStatement(data) {
  if (!isMemberStatement(data)) throw new Malformed("header", "not a member statement");
  const map = decode(data.subarray(MEMBER_HEADER.length), MEMBER_LIMITS);
  if (!MEMBER_SHAPE(map) || map.size !== Object.keys(MEMBER_FIELDS).length) {
    throw new Malformed("form", "not the parts of a member statement");
  }
  const statement = {};
  for (const [name, value] of map) statement[name] = value;
  statement.entries = statement.entries.map(([position, entry, payload, concerns]) => {
    if (!ascendsInNumber(concerns) || concerns.some((number) => !isBetween(number, 0, statement.leaves.length - 1))) {
      throw new Malformed("order", "what an entry concerns does not ascend, or is not there");
    }
    return { position, entry, payload, concerns };
  });
  const places = [statement.entries.map(({ position }) => position), statement.leaves.map(([index]) => index)];
  if (!places.every(ascendsInNumber)) throw new Malformed("order", "positions or indexes that do not ascend");
  return statement;
}

function ascendsInNumber(numbers) {
  return numbers.every((number, i) => i === 0 || isBelow(numbers[i - 1], number));
}

const LEAF_SHAPE = tuple(ID, whole(SORT_MEMBER, SORT_ACCOUNT), count, HASH, isInteger, count,
  matching(/^[A-Za-z0-9._-]{0,12}$/), whole(0, 9));

// A leaf of the state (spec 17 §10) by the names of its parts. Throws Malformed (`leaf`).
function parseStateLeaf(data) {
  const value = orMalformed("leaf", () => decode(data));
  if (!LEAF_SHAPE(value)) throw new Malformed("leaf", "not a leaf of a state");
  const [id, sort, entries, head, posted, reserved, unit, scale] = value;
  const isPlain = posted === 0 && reserved === 0 && unit === "" && scale === 0;
  if (sort === SORT_MEMBER ? !isPlain : unit === "") throw new Malformed("leaf", "a leaf with a wrong unit or amount");
  return { id, sort, count: entries, head, posted, reserved, unit, scale };
}

// The head of a chain with one more entry; 32 zero bytes stand before the first (spec 17 §10).
function chainLink(head, leaf, position) {
  const number = new DataView(new ArrayBuffer(8)), { high, low } = halvesOf(position);
  number.setInt32(0, high);
  number.setUint32(4, low);
  return sha256(joinBytes(utf8("folkmoot/chain/1\0"), head, leaf, new Uint8Array(number.buffer)));
}

// What applied statements move, taken in their order: payments to other logs are remembered (spec 20 §2).
class Movements {
  constructor() {
    this.reserves = new Map();
    this.voided = new Set();
  }

  // What the next statement moves, as [account, posted, reserved]. Throws Malformed (`transfer`) for an answer to a
  // payment that was not reserved.
  of(statement, body) {
    const amount = body.get("amount");
    if (statement.kind === "post") return body.get("legs").map(([account, moved]) => [account, moved, 0]);
    if (statement.kind === "xfer.reserve") {
      this.reserves.set(toHex(statement.id), body);
      return [[body.get("account"), 0, amount]];
    }
    if (statement.kind === "xfer.accept") {
      return [[body.get("connector"), -amount, 0], [body.get("account"), amount, 0]];
    }
    if (statement.kind === "xfer.post" || statement.kind === "xfer.void") return this.answer(statement.kind, body);
    return [];
  }

  answer(kind, body) {
    const transfer = toHex(body.get("transfer")), reserve = this.reserves.get(transfer);
    if (!reserve) throw new Malformed("transfer", `an answer to the payment ${transfer}, which was never reserved`);
    const [account, connector, amount] = ["account", "connector", "amount"].map((name) => reserve.get(name));
    if (kind === "xfer.void") {
      this.voided.add(transfer);
      return [[account, 0, -amount]];
    }
    return [[account, -amount, this.voided.has(transfer) ? 0 : -amount], [connector, amount, 0]];
  }
}
