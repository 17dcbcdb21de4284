// SPDX-License-Identifier: AGPL-3.0-or-later
// Runs the cases of specs/vectors against the verifier: for each group, what a valid case must come to.

const allBytes = (texts) => texts.map(fromHex);
const allHex = (values) => values.map(toHex);
const joinRuns = (runs) => joinBytes(...runs.map(([piece, count]) => fromHex(piece.repeat(count))));

function must(holds, reason) {
  if (!holds) throw new Malformed(reason, "a case that does not hold");
}

// A value of spec 01 as the vectors write it.
function tagged(value) {
  if (isInteger(value)) return { integer: decimalOf(value) };
  if (typeof value === "boolean") return { boolean: value };
  if (value instanceof Uint8Array) return { bytes_hex: toHex(value) };
  if (typeof value === "string") return { text: value };
  if (Array.isArray(value)) return { array: value.map(tagged) };
  return { map: Array.from(value, ([key, item]) => [key, tagged(item)]) };
}

function untagged(object) {
  const [[kind, content]] = Object.entries(object);
  if (kind === "integer") {
    return integer(content);
  }
  if (kind === "bytes_hex") return fromHex(content);
  if (kind === "array") return content.map(untagged);
  return kind === "map" ? new Map(content.map(([key, item]) => [key, untagged(item)])) : content;
}

function integer(text) {
  if (text[0] !== "-") return parseDecimal(text, "");
  const { high, low } = halvesOf(parseDecimal(minusOne(text.slice(1)), ""));
  return integerOf(-high - 1, TWO_32 - 1 - low); // -n is the complement of n - 1
}

function minusOne(digits) {
  const rest = digits.replace(/[1-9]0*$/, "");
  const borrowed = digits.slice(rest.length);
  return (rest + (Number(borrowed[0]) - 1) + "9".repeat(borrowed.length - 1)).replace(/^0(?=.)/, "");
}

function verify(test) {
  const reason = whyNotSigned(fromHex(test.public_key_hex), fromHex(test.message_hex), fromHex(test.signature_hex));
  must(reason === "", reason);
  return {};
}

function readWhole(data) {
  const statement = knownVersion(parseStatement(data), "statement_version");
  return Object.assign({ value: readBody(statement) }, statement);
}

function charterFields({ kseq, keys, recovery, next }) {
  return {
    kseq,
    keys_hex: allHex(keys),
    recovery_keys_hex: allHex(recovery.keys),
    threshold: recovery.threshold,
    next_hex: toHex(next),
  };
}

function inclusion(test) {
  const proof = allBytes(test.proof_hex);
  const [index, size] = [test.index, test.size].map((number) => parseDecimal(String(number), "range"));
  checkInclusion(index, size, fromHex(test.leaf_hash_hex), proof, fromHex(test.root_hex));
  return {};
}

function noteOf(test) {
  return "note" in test ? utf8(test.note) : test.note_runs_hex ? joinRuns(test.note_runs_hex) : fromHex(test.note_hex);
}

// What `folkmoot verify` exits with.
function exitOf(verdict) {
  return { true: 0, false: 3, unknown: 7 }[VERDICTS[verdict]];
}

function keyOfLine(key, line) {
  return key.mark === line.mark;
}

// For each page and group: from a case's inputs to its outputs. Throws Malformed with the reason of an invalid case.
const GROUPS = {
  "01-encoding": {
    decode: (test) => ({ value: tagged(decode(fromHex(test.input_hex))) }),
    decode_large: (test) => {
      const data = joinRuns(test.input_runs_hex);
      must(equalBytes(encode(decode(data)), data), "");
      return {};
    },
    encode: (test) => ({ output_hex: toHex(encode(untagged(test.value))) }),
  },
  "02-signatures": {
    sign: verify,
    verify,
    verify_s_range: verify,
    verify_not_canonical: verify,
    verify_small_order: verify,
    verify_mixed_order: verify,
  },
  "03-statement": {
    statement: (test) => {
      const data = fromHex(test.statement_hex), { kind, at, logId, id, author, body } = readWhole(data);
      const parts = { log_id: logId, id, author, body, signed_message: signedMessage(data) };
      const out = { kind, at };
      for (const name of Object.keys(parts)) out[`${name}_hex`] = toHex(parts[name]);
      return out;
    },
    payload: (test) => {
      const data = fromHex(test.payload_hex), { salt, statement, signatures } = parsePayload(data);
      const pairs = signatures.map(({ key, signature }) => [toHex(key), toHex(signature)]);
      const hashed = toHex(commitmentOf(data));
      return { salt_hex: toHex(salt), statement_hex: toHex(statement), signatures_hex: pairs, commitment_hex: hashed };
    },
    entry: (test) => {
      const data = fromHex(test.entry_hex);
      const { at, scope, commitment } = knownVersion(parseEntry(data), "entry_version");
      return { at, scope, commitment_hex: toHex(commitment), leaf_hash_hex: toHex(leafHash(data)) };
    },
    holder: (test) => {
      const entry = knownVersion(parseEntry(fromHex(test.entry_hex)), "entry_version");
      must(entry.at >= test.at_before, "at_decreases");
      const payload = fromHex(test.payload_hex);
      if (!payload.length) return {};
      const opened = openPayload(payload, entry.commitment, fromHex(test.log_id_hex), test.position, 1);
      readWhole(opened.payload.statement);
      checkSignatures(opened.payload);
      return {};
    },
    size: (test) => {
      if (test.statement_runs_hex) readWhole(joinRuns(test.statement_runs_hex));
      else parsePayload(joinRuns(test.payload_runs_hex));
      return {};
    },
  },
  "04-charter": {
    log_id: (test) => {
      const id = sha256(fromHex(test.statement_hex));
      return { log_id_hex: toHex(id), log_id: showLogId(id), short: showLogId(id).slice(0, 8) };
    },
    recovery_digest: (test) => ({ digest_hex: toHex(recoveryDigest(test.threshold, allBytes(test.keys_hex))) }),
    body: (test) => charterFields(parseCharter(fromHex(test.body_hex))),
    chain: (test) => {
      const payloads = allBytes(test.charters_hex);
      if (payloads.length > 1) establish(payloads.slice(0, -1));
      const keys = establish(payloads);
      return Object.assign(charterFields(keys.charter), { log_id_hex: toHex(keys.logId) });
    },
  },
  "05-tree": { inclusion, inclusion_far: inclusion },
  "06-checkpoint": {
    verifier_key: (test) => {
      const key = VerifierKey.parse(test.verifier_key);
      must(String(key) === test.verifier_key, "");
      return { key_name: key.name, type: key.type, key_id_hex: toHex(key.keyId), public_key_hex: toHex(key.key) };
    },
    note_form: (test) => {
      const { text, signatures } = parseNote(noteOf(test));
      const ids = signatures.map(({ mark }) => mark.slice(-8));
      const blobs = signatures.map(({ signature }) => toHex(signature));
      return { text, names: signatures.map(({ name }) => name), key_ids_hex: ids, signatures_hex: blobs };
    },
    note_signatures: (test) => {
      const note = parseNote(noteOf(test)), keys = test.verifier_keys.map(VerifierKey.parse);
      const witnesses = keys.filter(({ type }) => type === TYPE_COSIGNATURE).map((key) => [key.name, key]);
      cosignedBy(note, new Map(witnesses));
      return { verified: verifiedBy(note, keys).map(String) };
    },
    checkpoint: (test) => {
      const { origin, size, root } = parseCheckpoint(test.checkpoint_text);
      return { origin, size: decimalOf(size), root_hex: toHex(root) };
    },
    origin: (test) => {
      const { logId, epoch } = parseOrigin(test.origin);
      must(showOrigin(logId, epoch) === test.origin, "");
      return { log_id_hex: toHex(logId), epoch };
    },
    signed_checkpoint: (test) => {
      const note = parseNote(utf8(test.note));
      verifiedBy(note, [VerifierKey.parse(test.verifier_key)]);
      const { origin, size, root } = parseCheckpoint(note.text);
      must(origin === test.origin, "origin");
      return { size: decimalOf(size), root_hex: toHex(root) };
    },
    sign: (test) => {
      const signed = verifiedBy(parseNote(utf8(test.note)), [VerifierKey.parse(test.verifier_key)]);
      return { verifier_key: String(signed[0]) };
    },
    cosign: (test) => {
      const note = parseNote(utf8(`${test.checkpoint_text}\n${test.signature_line}`));
      const time = checkCosignature(note, note.signatures[0], VerifierKey.parse(test.verifier_key));
      must(decimalOf(time) === test.time, "");
      return {};
    },
    cosignature: (test) => {
      const note = parseNote(utf8(test.note)), key = VerifierKey.parse(test.verifier_key);
      const lines = note.signatures.filter((line) => keyOfLine(key, line));
      must(lines.length > 0, "unsigned");
      return { time: lines.map((line) => decimalOf(checkCosignature(note, line, key))).join() };
    },
  },
  "08-proof": {
    proof_form: (test) => {
      const { extra, position, hashes, note } = parseProof(utf8(test.proof));
      const shown = extra.length ? toHex(extra) : null;
      return { extra_hex: shown, index: position, hashes_hex: allHex(hashes), note: fromUtf8(note) };
    },
    extra: (test) => {
      const [entry, payload] = readExtra(fromHex(test.extra_hex));
      return { entry_hex: toHex(entry), payload_hex: toHex(payload) };
    },
    trust: (test) => {
      const trust = parseTrust("trust" in test ? utf8(test.trust) : fromHex(test.trust_hex));
      const text = (name) => fromUtf8(fromLatin1(name));
      return {
        logs: trust.logs.map(String),
        witnesses: Array.from(trust.witnesses, ([name, key]) => [text(name), String(key)]),
        groups: Array.from(trust.groups, ([name, group]) => [text(name), group.threshold, group.members.map(text)]),
        quorum: text(trust.quorum),
      };
    },
    quorum: (test) => ({ satisfied: parseTrust(utf8(test.trust)).isReached(new Set(test.cosigners)) }),
    verdict: (test) => {
      const { verdict } = judgeProof(utf8(test.proof), parseTrust(utf8(test.trust)));
      return { verdict, exit: exitOf(verdict) };
    },
  },
};

GROUPS["20-member-statement"] = {
  multiproof: (test) => {
    const [leaves, proof] = [test.leaf_hashes_hex, test.proof_hex].map(allBytes);
    checkMultiproof(test.positions, leaves, test.size, proof, fromHex(test.root_hex));
    return {};
  },
  chain: (test) => {
    const [before, leaf] = [test.before_hex, test.leaf_hash_hex].map(fromHex);
    return { head_hex: toHex(chainLink(before, leaf, test.position)) };
  },
  state_leaf: (test) => {
    const leaf = parseStateLeaf(fromHex(test.leaf_hex)), { sort, unit, scale } = leaf;
    const numbers = { count: leaf.count, posted: leaf.posted, reserved: leaf.reserved };
    for (const name of Object.keys(numbers)) {
      numbers[name] = typeof test[name] === "string" ? decimalOf(numbers[name]) : numbers[name];
    }
    return Object.assign(numbers, { id_hex: toHex(leaf.id), sort, head_hex: toHex(leaf.head), unit, scale });
  },
  verdict: async (test) => {
    const trust = "trust" in test ? parseTrust(utf8(test.trust)) : null;
    const { verdict } = await judgeMember(fromHex(test.statement_hex), trust, () => {});
    return { verdict, exit: exitOf(verdict) };
  },
  balance: (test) => {
    const { verdict, leaf } = judgeBalance(utf8(test.proof), parseTrust(utf8(test.trust)));
    must((leaf !== undefined) === test.valid, "");
    return { verdict, exit: exitOf(verdict) };
  },
  short_form: (test) => ({ proof: fromUtf8(unpackShort(fromHex(test.short_hex))) }),
  parts: (test) => ({ short_hex: toHex(joinParts(test.parts)) }),
};

GROUPS["18-clauses"] = {
  clauses: (test) => {
    const clauses = decode(fromHex(test.clauses_hex));
    must(CLAUSE_LIST(clauses), "malformed");
    return { kinds: clauses.map((clause) => clause.get("kind")) };
  },
};

// Where an input may break several rules, a reader chooses the reason, and it is not compared.
const ANY_REASON = ["01-encoding"];

// What is different from a case, or "".
async function disagreement(page, run, test) {
  let out;
  try {
    out = await run(test);
  } catch (error) {
    if (!(error instanceof Malformed)) return String(error.stack);
    if (test.valid) return `refused: ${error.message}`;
    const free = ANY_REASON.includes(page) || !("reason" in test);
    return free || error.reason === test.reason ? "" : `${error.reason} instead of ${test.reason}`;
  }
  if (!test.valid && !("verdict" in test)) return "accepted";
  const isOther = (name) => name in test && JSON.stringify(out[name]) !== JSON.stringify(test[name]);
  const other = Object.keys(out).filter(isOther);
  return other.map((name) => `${name} is ${JSON.stringify(out[name])}`).join("; ");
}

// From {page: its vector file} to {cases: {page: {group: how many}}, disagreements: [text]}.
async function runVectors(files) {
  const cases = {}, disagreements = [];
  for (const page of Object.keys(GROUPS).filter((name) => name in files)) {
    cases[page] = {};
    for (const group of files[page].groups.filter(({ name }) => name in GROUPS[page])) {
      cases[page][group.name] = group.cases.length;
      for (const test of group.cases) {
        const wrong = await disagreement(page, GROUPS[page][group.name], test);
        if (wrong) disagreements.push(`${page} ${group.name} ${test.name}: ${wrong}`);
      }
    }
  }
  return { cases, disagreements };
}

// What comes of each of many, or why it is refused.
function eachOf(list, find) {
  return list.map((item) => {
    try {
      return find(item);
    } catch (error) {
      if (error instanceof Malformed) return `refused: ${error.reason}`;
      throw error;
    }
  });
}

function judgeAll(pairs) {
  return eachOf(pairs, ([proof, trust]) => judgeProof(fromHex(proof), parseTrust(fromHex(trust))).verdict);
}

async function judgeMembers(files) {
  const verdicts = [];
  for (const file of files) verdicts.push((await judgeMember(fromHex(file), null, () => {})).verdict);
  return verdicts;
}

function judgeBalances(pairs) {
  return pairs.map(([proof, trust]) => judgeBalance(fromHex(proof), parseTrust(fromHex(trust))).verdict);
}

function unpackAll(pairs) {
  return eachOf(pairs, ([short, digits]) => {
    if (toHex(fromDigits(digits)) !== short) return "other digits";
    return toHex(unpackShort(fromHex(short)));
  });
}

function sumAll({ amounts, totals }) {
  const sum = new Sum();
  amounts.forEach((amount) => sum.add(amount));
  return totals.map((total) => sum.equals(integer(total)));
}

// Of each statement, whether what it says is known.
function knowAll(statements) {
  return statements.map((statement) => readKnownBody(parseStatement(fromHex(statement))) !== null);
}

function establishAll(chains) {
  return eachOf(chains, (chain) => toHex(establish(allBytes(chain)).logId));
}
