// SPDX-License-Identifier: AGPL-3.0-or-later
// What a member statement says, in tables for its reader. It is shown only if it is true.

// What is looked up again and again: of which member and organisation, and what accounts and units there are.
class MemberView {
  constructor(found) {
    this.found = found;
    this.member = found.statement.member;
    this.ledger = found.told.slice(0, -1).filter(({ body }) => body).reverse(); // the newest first
    this.accounts = found.leaves.filter(({ sort }) => sort === SORT_ACCOUNT);
    this.scales = new Map(this.accounts.map(({ unit, scale }) => [unit, scale]));
    this.unknownScale = false;
  }

  // The statements of a kind, the newest first.
  of(...kinds) {
    return this.ledger.filter(({ statement }) => kinds.includes(statement.kind));
  }

  // The statement with this id; undefined if it is not here.
  named(id) {
    return this.ledger.find(({ statement }) => equalBytes(statement.id, id));
  }

  party(bytes) {
    if (equalBytes(bytes, this.member)) return say("the_member");
    return equalBytes(bytes, this.found.keys.logId) ? chosen(this.found.keys.charter.name) : short(bytes);
  }

  account(id) {
    const opening = this.named(id), title = opening && opening.body.get("title");
    if (title) return chosen(title);
    return make("span", {}, opening ? `${label("account", opening.body.get("type"))} ` : "", short(id));
  }

  // An amount with its unit. How many decimals a unit has is known of those in which the member has an account.
  amount(amount, unit) {
    if (this.scales.has(unit)) return `${amountText(amount, this.scales.get(unit))}\u00a0${unit}`;
    this.unknownScale = true;
    return `${amountText(amount, 0)}\u00a0${unit}\u00a0*`;
  }

  quantity(quantity) {
    return quantity ? this.amount(quantity.get("amount"), quantity.get("unit")) : "";
  }

  // The name in the newest profile, or "".
  get name() {
    const profile = this.of("member.profile").find(({ body }) => body.get("name"));
    return profile ? profile.body.get("name") : "";
  }
}

function memberSections(view) {
  const sections = [
    balances(view), contributions(view), contracts(view), movements(view), wordsBeside(view), everythingElse(view),
  ];
  if (view.unknownScale) sections.push(make("p", { class: "remark" }, say("unknown_scale")));
  return sections.filter((one) => one !== null);
}

function balances(view) {
  if (!view.accounts.length) return section("balances", make("p", {}, say("no_accounts")));
  const rows = view.accounts.map((leaf) => [
    view.account(leaf.id),
    make("strong", {}, view.amount(leaf.posted, leaf.unit)),
    leaf.reserved === 0 ? "" : view.amount(leaf.reserved, leaf.unit),
    numberText(leaf.count),
  ]);
  const columns = [["account"], ["balance", "figure"], ["set_aside", "figure"], ["entries", "figure"]];
  return section("balances", table("balances", columns, rows));
}

function contributions(view) {
  const events = view.of("event");
  if (!events.length) return null;
  const taken = new Set(view.of("correct").map(({ body }) => toHex(body.get("event"))));
  const isTaken = ({ statement }) => taken.has(toHex(statement.id));
  const given = events.filter((one) => equalBytes(one.body.get("provider"), view.member) && !isTaken(one))
    .map(({ body }) => [monthOf(body.get("on")), body.get("expects") === "none"]);
  const rows = events.map((one) => (
    eventRow(view, one.body, isTaken(one) ? say("taken_back") : answersTo(view, one.statement.id))
  ));
  const columns = [["day"], ["what"], ["how_much", "figure"], ["for_whom"], ["as"], ["answer"]];
  return section("contributions", contributionChart(given), table("contributions", columns, rows));
}

function eventRow(view, body, answer) {
  return [
    dayText(body.get("on")),
    label("action", body.get("action")),
    ["effort", "quantity"].map((name) => view.quantity(body.get(name))).filter((text) => text).join(", "),
    make("span", {}, view.party(body.get("provider")), " \u2192 ", view.party(body.get("receiver"))),
    `${label("stream", body.get("stream"))}, ${label("expects", body.get("expects"))}`,
    answer,
  ];
}

function answersTo(view, event) {
  const answers = view.of("ack").filter(({ body }) => equalBytes(body.get("event"), event));
  return Array.from(new Set(answers.map(({ body }) => label("ack", body.get("says"))))).join(", ");
}

// The month in which a day lies: 12 * year + month - 1.
function monthOf(day) {
  const date = new Date(day * DAY_S * 1000);
  return 12 * date.getUTCFullYear() + date.getUTCMonth();
}

function contracts(view) {
  const ids = new Map();
  for (const { statement, body } of view.of("contract.offer", "contract.sign", "contract.end")) {
    const id = statement.kind === "contract.offer" ? statement.id : body.get("contract");
    ids.set(toHex(id), id);
  }
  if (!ids.size) return null;
  const rows = Array.from(ids.values()).map((id) => contractRow(view, id));
  const columns = [["contract"], ["from"], ["until"], ["signed_by_member"], ["terms"]];
  return section("contracts", table("contracts", columns, rows));
}

function contractRow(view, id) {
  const offer = view.named(id), body = offer ? offer.body : new Map();
  const about = (one) => equalBytes(one.body.get("contract"), id);
  const end = view.of("contract.end").find(about);
  const signed = view.of("contract.sign").filter(about).find((one) => equalBytes(one.body.get("party"), view.member));
  const clauses = new Set((body.get("clauses") || []).map((clause) => label("clause", clause.get("kind"))));
  const until = end ? end.body.get("on") : body.get("until");
  return [
    body.has("title") ? chosen(body.get("title")) : short(id),
    body.has("from") ? dayText(body.get("from")) : "",
    until === undefined ? "" : dayText(until),
    signed ? timeText(signed.entry.at) : say("not_signed"),
    Array.from(clauses).join(", "),
  ];
}

function movements(view) {
  const units = new Map(view.accounts.map(({ id, unit }) => [toHex(id), unit]));
  const rows = [];
  const add = (one, day, what, legs) => legs.forEach(([account, posted, reserved]) => {
    const unit = units.get(toHex(account));
    if (unit === undefined) return;
    const [moved, held] = [posted, reserved].map((amount) => (amount ? view.amount(amount, unit) : ""));
    rows.push([day, what, view.account(account), moved, held]);
  });
  const moving = new Movements();
  for (const one of view.ledger.slice().reverse()) {
    const { statement, body, entry } = one, legs = moving.of(statement, body), isPost = statement.kind === "post";
    const what = isPost ? label("post", body.get("code")) : label("kind", statement.kind);
    add(one, isPost ? dayText(body.get("on")) : dateText(entry.at, {}), what, legs);
  }
  if (!rows.length) return null;
  const columns = [["day"], ["what"], ["account"], ["moved", "figure"], ["set_aside", "figure"]];
  return section("movements", table("movements", columns, rows.reverse()));
}

// Profiles and notes: words that move nothing.
function wordsBeside(view) {
  const rows = view.of("member.profile", "note").map(({ statement, body, entry }) => {
    const parts = ["name", "contact", "about", "text", "shows"].map((name) => body.get(name));
    const texts = parts.filter((part) => typeof part === "string" && part); // `about` of a note is an id
    return [dateText(entry.at, {}), label("kind", statement.kind), quoted(texts.join("\n"))];
  });
  if (!rows.length) return null;
  return section("words", table("words", [["day"], ["what"], ["text", "words"]], rows));
}

const SHOWN_ELSEWHERE = ["event", "ack", "correct", "post", "contract.offer", "contract.sign", "contract.end",
  "member.profile", "note", "xfer.reserve", "xfer.accept", "xfer.post", "xfer.void"];

function everythingElse(view) {
  const others = view.ledger.filter(({ statement }) => !SHOWN_ELSEWHERE.includes(statement.kind));
  if (!others.length) return null;
  const rows = others.map(({ statement, body, entry, position }) => [
    dateText(entry.at, {}), label("kind", statement.kind), factsOf(view, body), numberText(position),
  ]);
  return section("others", table("others", [["day"], ["what"], ["says"], ["position", "figure"]], rows));
}

// The plain facts in a body: amounts, days and codes.
function factsOf(view, body) {
  const facts = [];
  if (body.has("amount") && body.has("unit")) facts.push(view.amount(body.get("amount"), body.get("unit")));
  for (const [key, group] of [["class", "class"], ["status", "status"], ["type", "account"], ["action", "action"]]) {
    if (typeof body.get(key) === "string") facts.push(label(group, body.get(key)));
  }
  for (const key of ["on", "due", "ended"]) if (body.has(key)) facts.push(dayText(body.get(key)));
  if (body.get("custody") === "node") facts.push(say("kept_by_node"));
  return facts.join(", ");
}
