// SPDX-License-Identifier: AGPL-3.0-or-later
// The trust file (spec 08 §2): which logs and witnesses a reader believes.

const TRUST_BYTES_MAX = 262144;
const TRUST_LINES_MAX = 1024;

// Collects the lines of a trust file: {logs, witnesses: name to key, groups: name to {threshold, members}, quorum}.
// `quorum` is the name of a witness or group, or "none". Names are any bytes, kept as Latin-1 text.
class Trust {
  constructor() {
    this.logs = [];
    this.witnesses = new Map();
    this.groups = new Map();
    this.members = new Set();
    this.quorum = null;
  }

  read(items) {
    const [keyword, ...rest] = items;
    if (keyword === "log" && (rest.length === 1 || rest.length === 2)) this.addLog(rest[0]);
    else if (keyword === "witness" && (rest.length === 2 || rest.length === 3)) this.addWitness(rest[0], rest[1]);
    else if (keyword === "group" && rest.length >= 3) this.addGroup(rest[0], rest[1], rest.slice(2));
    else if (keyword === "quorum" && rest.length === 1) this.setQuorum(rest[0]);
    else throw new Malformed("line", "not a line of a trust file");
  }

  addLog(text) {
    const key = trustedKey(text, TYPE_ED25519);
    if (this.logs.some((other) => equalBytes(other.key, key.key))) throw new Malformed("duplicate", "a log key twice");
    this.logs.push(key);
  }

  addWitness(name, text) {
    const key = trustedKey(text, TYPE_COSIGNATURE);
    this.define(name);
    if (Array.from(this.witnesses.values()).some((other) => equalBytes(other.key, key.key))) {
      throw new Malformed("duplicate", "a witness key twice");
    }
    this.witnesses.set(name, key);
  }

  addGroup(name, text, members) {
    this.define(name);
    for (const member of members) {
      if (!this.isDefined(member)) throw new Malformed("name", "a name that is not defined before it is used");
      if (this.members.has(member)) throw new Malformed("member", "a name that is a member twice");
      this.members.add(member);
    }
    const named = new Map([["all", members.length], ["any", 1]]);
    const threshold = named.get(text) || (/^[1-9][0-9]{0,3}$/.test(text) ? Number(text) : 0);
    if (threshold < 1 || threshold > members.length) throw new Malformed("threshold", "a group that asks for too many");
    this.groups.set(name, { threshold, members });
  }

  setQuorum(name) {
    if (name !== "none" && !this.isDefined(name)) throw new Malformed("name", "a quorum that is not defined");
    if (this.quorum !== null) throw new Malformed("quorum", "more than one quorum line");
    this.quorum = name;
  }

  isDefined(name) {
    return this.witnesses.has(name) || this.groups.has(name);
  }

  define(name) {
    if (name === "none" || this.isDefined(name)) throw new Malformed("name", "a name that is taken");
    if (Math.max(this.witnesses.size, this.groups.size) >= TRUST_LINES_MAX) {
      throw new Malformed("line", "too many lines of one sort");
    }
  }

  // Whether cosignatures by the witnesses of these names (a Set) satisfy the quorum.
  isReached(witnessed) {
    const counts = (name) => {
      const group = this.groups.get(name);
      return group ? group.members.filter(counts).length >= group.threshold : witnessed.has(name);
    };
    return this.quorum === "none" || counts(this.quorum);
  }
}

// The trust file in these bytes. Throws Malformed with the reason of spec 08 §2.
function parseTrust(data) {
  const text = latin1(data.subarray(0, TRUST_BYTES_MAX + 1));
  if (data.length > TRUST_BYTES_MAX || !/^[\t\n\x20-\x7e\x80-\xff]*$/.test(text)) {
    throw new Malformed("character", "a trust file that is too long or holds control characters");
  }
  if (text !== "" && !text.endsWith("\n")) throw new Malformed("line", "a last line without its end");
  const trust = new Trust();
  for (const line of text.split("\n")) {
    const items = line.split(/[ \t]+/).filter((item) => item !== "");
    if (items.length && !items[0].startsWith("#")) trust.read(items);
  }
  if (trust.quorum === null) throw new Malformed("quorum", "a trust file has one quorum line");
  if (trust.logs.length > TRUST_LINES_MAX) throw new Malformed("line", "too many logs");
  return trust;
}

function trustedKey(text, type) {
  const key = VerifierKey.parse(fromUtf8(fromLatin1(text), "verifier_key"));
  if (key.type !== type) throw new Malformed("key_type", `a key of type ${key.type} where type ${type} belongs`);
  return key;
}
