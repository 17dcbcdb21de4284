// SPDX-License-Identifier: AGPL-3.0-or-later
// The clauses of a contract: whether they are of their form (spec 18).

const PART = both(RATE, ([n, d]) => n <= d);
const SHARES = both(
  listOf(tuple(ID, whole(0, 1e9)), 1, 32),
  (shares) => ascends(shares.map(([account]) => account)) && shares.some(([, weight]) => weight > 0),
);
const LINE_NAME = both(words(1, 64), matching(/^[^\x00-\x1f\x7f-\x9f]*$/));
const WAGE_LINE = fields({
  name: LINE_NAME, base: listOf(LINE_NAME, 1, 16), rate: RATE, "less?": listOf(LINE_NAME, 0, 16), "to?": ID,
});

// Each line has a name of its own and rests on the budget or on earlier lines, none twice.
function wageLinesHold(lines) {
  const known = new Set(["budget"]);
  const restsOnKnown = (names) => new Set(names).size === names.length && names.every((name) => known.has(name));
  return lines.every((line) => {
    const name = line.get("name");
    const holds = !known.has(name) && name !== "residual"
      && restsOnKnown(line.get("base")) && restsOnKnown(line.get("less") || []);
    known.add(name);
    return holds;
  });
}

// Whether two rates are at most 1 together: a/b <= (d - c)/d, without a product that a number cannot hold.
function areAtMostOne([a, b], [c, d]) {
  if (c > d) return false;
  const left = exactProduct(a, d), right = exactProduct(d - c, b);
  return left.high < right.high || (left.high === right.high && left.low <= right.low);
}

// x * y as high * 2^16 + low, for x and y up to 2^30.
function exactProduct(x, y) {
  const upper = Math.floor(x / 65536) * y, lower = (x % 65536) * y;
  return { high: upper + Math.floor(lower / 65536), low: lower % 65536 };
}

const CLAUSES = {
  rate_contribution: fields({ of: oneOf("claim"), rate: PART, to: SHARES }),
  guaranteed_payment: fields({
    days: whole(0, 366), calendar: oneOf("days working"), fund: ID, "cap?": AMOUNT_FROM_1,
  }),
  wage_conversion: fields({ lines: both(listOf(WAGE_LINE, 1, 16), wageLinesHold) }),
  reinvest: fields({
    rate: PART, from: ID, to: SHARES, "in_kind?": fields({ unit: UNIT_CODE, price: AMOUNT_FROM_1, cap: PART }),
  }),
  access: fields({
    resource: ID, unit_price: AMOUNT_FROM_0, unit: UNIT_CODE, per: oneOf("day hour use"),
    by_class: mapOf(MEMBER_CLASS, either(RATE, oneOf("deny")), 1, 256), to: ID, "deposit?": AMOUNT_FROM_1,
  }),
  patronage: both(
    fields({
      base: oneOf("contributions purchases hours"), unit: UNIT_CODE, reserve: RATE, reserve_to: ID, commons: RATE,
      commons_to: ID, "min?": AMOUNT_FROM_1,
    }),
    (clause) => areAtMostOne(clause.get("reserve"), clause.get("commons")),
  ),
  mutual_guarantee: fields({ pool: ID, pledges: SHARES }),
  share: both(
    fields({
      shares: UNIT_CODE, nominal: AMOUNT_FROM_1, unit: UNIT_CODE, min: whole(1, 1e9), refund: oneOf("nominal none"),
      notice_days: whole(0, 3660),
    }),
    (clause) => clause.get("shares") !== clause.get("unit"),
  ),
  lease: fields({
    resource: ID, years: whole(1, 99), rent: AMOUNT_FROM_0, from: ID, to: ID, every: oneOf("month year"),
  }),
  gift: fields({ ack: oneOf("wanted required") }),
  host_fee: both(
    fields({ fund: ID, rate: PART, to: ID }),
    (clause) => !equalBytes(clause.get("fund"), clause.get("to")),
  ),
};

function isClause(value) {
  const kind = value instanceof Map ? value.get("kind") : undefined;
  return typeof kind === "string" && CLAUSES.hasOwnProperty(kind) && CLAUSES[kind](value);
}

const CLAUSE_LIST = both(
  listOf(isClause, 1, 32),
  (clauses) => clauses.filter((clause) => clause.get("kind") === "guaranteed_payment").length <= 1,
);
