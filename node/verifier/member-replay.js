// SPDX-License-Identifier: AGPL-3.0-or-later
// Whether the entries of a member statement are those that the member's leaves stand for (spec 20 §2).

// A check that did not hold: the verdict, and what differs.
class Failed extends Error {
  constructor(verdict, why) {
    super(why);
    this.verdict = verdict;
  }
}

// Throws Failed unless the entries, but for the last one, are exactly those of the leaves, and make their balances.
// Of each is told: {position, leaf: its hash, concerns, statement, body, signers}; `operating` are the keys in force.
function replayMember(member, told, leaves, operating) {
  const before = told.slice(0, -1), ledger = before.filter(({ concerns }) => concerns.length);
  checkChains(ledger, leaves);
  const hidden = ledger.find(({ body }) => !body);
  if (hidden) {
    const what = "is not in this file, or of a kind that is not known here";
    throw new Failed("no payload", `what entry ${decimalOf(hidden.position)} says ${what}`);
  }
  const keys = operating.concat(memberKeys(member, ledger));
  for (const one of before.filter(({ concerns }) => !concerns.length)) {
    if (!mayStandBeside(one, member, keys)) {
      const what = "concerns nobody here, and is not words beside";
      throw new Failed("false: chain", `entry ${decimalOf(one.position)} ${what}`);
    }
  }
  checkAccounts(member, ledger, leaves);
  checkSums(ledger, leaves);
}

function checkChains(ledger, leaves) {
  const chains = leaves.map(() => ({ count: 0, head: new Uint8Array(32) }));
  for (const { position, leaf, concerns } of ledger) {
    for (const number of concerns) {
      const chain = chains[number];
      chain.count++;
      chain.head = chainLink(chain.head, leaf, position);
    }
  }
  leaves.forEach((leaf, number) => {
    const { count: found, head } = chains[number];
    if (found === leaf.count && equalBytes(head, leaf.head)) return;
    const expected = `${toHex(leaf.id)}: ${decimalOf(leaf.count)} entries concern it, and ${found} are in this file`;
    throw new Failed("false: chain", found === leaf.count ? `${expected}, but not the same` : expected);
  });
}

// The keys that a member has had.
function memberKeys(member, ledger) {
  const keys = [];
  for (const { statement, body } of ledger) {
    const joins = statement.kind === "member.join" && equalBytes(statement.id, member);
    const changes = statement.kind === "member.set" && equalBytes(body.get("member"), member);
    if ((joins || changes) && body.has("key")) keys.push(body.get("key"));
  }
  return keys;
}

// Whether what concerns nobody is words about a member: a note, or a profile by one of these keys.
function mayStandBeside({ statement, body, signers }, member, keys) {
  if (!body) return false;
  if (statement.kind === "note") return true;
  return statement.kind === "member.profile" && equalBytes(body.get("member"), member)
    && signers.some((signer) => isAmong(signer, keys));
}

// The accounts among the leaves are those that were opened for the member.
function checkAccounts(member, ledger, leaves) {
  const isOpening = ({ statement, body }) => statement.kind === "account.open" && equalBytes(body.get("owner"), member);
  const opened = new Set(ledger.filter(isOpening).map(({ statement }) => toHex(statement.id)));
  const given = new Set(leaves.filter(({ sort }) => sort === SORT_ACCOUNT).map(({ id }) => toHex(id)));
  for (const account of opened) {
    if (!given.has(account)) throw new Failed("false: chain", `account ${account} of the member was left out`);
  }
  for (const account of given) {
    if (!opened.has(account)) throw new Failed("false: chain", `account ${account} was never opened for the member`);
  }
}

// Posted and reserved of each account are the sums of what its entries move.
function checkSums(ledger, leaves) {
  const numbers = new Map(leaves.map(({ id }, number) => [toHex(id), number]));
  const sums = leaves.map(() => ({ posted: new Sum(), reserved: new Sum() }));
  const movements = new Movements();
  for (const { position, concerns, statement, body } of ledger) {
    for (const [account, posted, reserved] of movementsOf(movements, position, statement, body)) {
      const number = numbers.get(toHex(account));
      if (number === undefined) continue;
      if (!concerns.includes(number)) {
        const what = `moves account ${toHex(account)}, but is said not to concern it`;
        throw new Failed("false: chain", `entry ${decimalOf(position)} ${what}`);
      }
      sums[number].posted.add(posted);
      sums[number].reserved.add(reserved);
    }
  }
  leaves.forEach((leaf, number) => {
    if (!sums[number].posted.equals(leaf.posted) || !sums[number].reserved.equals(leaf.reserved)) {
      const what = "its entries make another balance than the state says";
      throw new Failed("false: balance", `account ${toHex(leaf.id)}: ${what}`);
    }
  });
}

function movementsOf(movements, position, statement, body) {
  try {
    return movements.of(statement, body);
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    throw new Failed("false: balance", `entry ${decimalOf(position)}: ${error.message}`);
  }
}
