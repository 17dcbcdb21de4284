// SPDX-License-Identifier: AGPL-3.0-or-later
// The verdict, big, and what it rests on: what was checked, against which key, by which witnesses, how fresh.

// Signs that are told apart by their shapes.
const VERDICT_SIGNS = {
  true: "M12 34L27 49L52 16",
  false: "M16 16L48 48M48 16L16 48",
  unknown: "M20 24C20 8 46 10 44 26C43 34 32 34 32 44M32 53V56",
};

// A judged file is {kind: "member" | "proof" | "balance", found}, with `found` as the judge of that kind gives it.
function verdictPanel({ kind, found }) {
  const sort = VERDICTS[found.verdict];
  const sign = makeSvg("svg", { viewBox: "0 0 64 64", class: "sign", "aria-hidden": "true" },
    makeSvg("path", { d: VERDICT_SIGNS[sort] }));
  return make("div", { class: `verdict ${sort}` }, sign, make("div", {},
    make("p", { class: "word" }, label("verdict", sort)),
    make("p", { class: "why" }, verdictText(kind, found))));
}

function verdictText(kind, found) {
  if (found.verdict !== "true") return label("why", found.verdict);
  if (kind === "member") return say("true_member", { date: timeText(stateOf(found).entry.at) });
  return say(kind === "balance" ? "true_balance" : "true_proof");
}

// The `state` entry on which a true member statement rests.
function stateOf({ told }) {
  return told[told.length - 1];
}

// What is known of the log and the file, as far as the check came.
function groundsSection(judged, trustName) {
  const { kind, found } = judged, at = kind === "member" && found.told ? stateOf(found) : found;
  const isTrue = found.verdict === "true";
  const rows = [
    ["organisation", found.keys ? chosen(found.keys.charter.name) : null],
    ["log", found.origin ? make("code", {}, showLogId(found.origin.logId)) : null],
    ["member", found.statement ? memberName(found, isTrue) : null],
    ["recorded", isTrue ? timeText(at.entry.at) : null],
    ["place", isTrue ? say("place_of", placeOf(at, found)) : null],
    ["age", isTrue ? ageText(found, at.entry.at) : null],
    ["key", found.signers ? make("code", {}, toHex(found.signers[0].key)) : null],
    ["witnesses", found.witnesses ? witnessList(found.witnesses) : null],
    ["trusted_by", trustName ? quoted(trustName) : say(kind === "member" ? "trust_inside" : "trust_none")],
  ];
  return section("grounds", termList(rows), checksList(judged), ...remarks(judged, trustName));
}

function memberName(found, isTrue) {
  const name = isTrue ? new MemberView(found).name : "";
  return make("span", {}, name ? quoted(name) : "", name ? " " : "", make("code", {}, toHex(found.statement.member)));
}

function placeOf({ position }, { checkpoint }) {
  return { position: numberText(position), size: numberText(checkpoint.size) };
}

// How long ago the newest sign of life in the file was, by this device's clock; "" if that is not a past that is known.
function ageText(found, at) {
  const times = found.witnesses.map(({ time }) => time).concat(at).filter((time) => typeof time === "number");
  const days = Math.floor((Date.now() / 1000 - Math.max(...times)) / DAY_S);
  if (days < 0) return say("in_the_future");
  return days ? say("days_ago", { days: numberText(days) }) : say("today");
}

function witnessList(witnesses) {
  if (!witnesses.length) return say("no_witness");
  return make("ul", { class: "plain" }, ...witnesses.map(({ name, time }) => (
    make("li", {}, quoted(witnessText(name)), ` \u2013 ${timeText(time)}`)
  )));
}

// Names in a trust file are any bytes.
function witnessText(name) {
  return new TextDecoder().decode(fromLatin1(name));
}

// What was found to hold, in the order in which it was checked. Of what is not true nothing is claimed.
function checksList({ kind, found }) {
  if (found.verdict !== "true") return null;
  const lines = [];
  if (kind === "member") lines.push(say("checked_charters"));
  lines.push(say("checked_checkpoint"));
  if (found.witnesses.length) lines.push(say("checked_witnesses"));
  if (kind === "member") {
    const signatures = found.told.reduce((sum, { signers }) => sum + signers.length, 0);
    lines.push(say("checked_entries", { number: numberText(found.told.length) }));
    lines.push(say("checked_signatures", { number: numberText(signatures) }), say("checked_chain"));
    lines.push(say("checked_sums"));
  } else {
    lines.push(say("checked_entry"), say("checked_statement"));
    if (kind === "balance") lines.push(say("checked_leaf"));
  }
  return make("div", {}, make("h3", {}, say("checks")),
    make("ul", { class: "checks" }, ...lines.map((line) => make("li", {}, line))));
}

function remarks({ kind, found }, trustName) {
  const lines = [];
  if (found.verdict === "true" && !found.witnesses.length) lines.push(say("remark_no_witness"));
  if (kind === "member" && !trustName) lines.push(say("remark_own_trust"));
  if (found.verdict === "true") lines.push(say("remark_nobody"));
  return lines.map((line) => make("p", { class: "remark" }, line));
}

// What a proof file of one entry or one balance says.
function proofSections({ kind, found }) {
  if (found.verdict !== "true") return [];
  if (kind === "balance") return [section("balance", termList(balanceRows(found.leaf)))];
  const { statement } = found.opened, body = readBody(statement), record = body.get("record");
  const names = record instanceof Map && record.get("name");
  return [section("entry", termList([
    ["what", label("kind", statement.kind)],
    ["name", names instanceof Map && names.size ? chosen(names) : null],
    ["said", timeText(statement.at)],
    ["author", make("code", {}, toHex(statement.author))],
    ["says", make("pre", {}, plainText(body, ""))],
  ]))];
}

function balanceRows({ id, sort, count: entries, posted, reserved, unit, scale }) {
  const amount = (value) => `${amountText(value, scale)}\u00a0${unit}`;
  return [
    [sort === SORT_ACCOUNT ? "account" : "member", make("code", {}, toHex(id))],
    ["balance", sort === SORT_ACCOUNT ? make("strong", {}, amount(posted)) : null],
    ["set_aside", reserved === 0 ? null : amount(reserved)],
    ["entries", numberText(entries)],
  ];
}

// A value as lines of text, what is inside another one further in.
function plainText(value, indent) {
  if (value instanceof Uint8Array) return toHex(value);
  if (isInteger(value)) return decimalOf(value);
  if (typeof value !== "object") return String(value);
  const pairs = Array.isArray(value) ? value.map((item) => ["-", item])
    : Array.from(value, ([key, item]) => [`${key}:`, item]);
  const lines = pairs.map(([name, item]) => {
    const isOpen = (Array.isArray(item) || item instanceof Map);
    return `${indent}${name} ${isOpen ? `\n${plainText(item, `${indent}  `)}` : plainText(item, "")}`;
  });
  return lines.join("\n");
}
