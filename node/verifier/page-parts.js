// SPDX-License-Identifier: AGPL-3.0-or-later
// A short proof that came in the addresses of QR codes. Each code opens a page of its own: until all have been read,
// the parts wait on this device, where they stay.

const WAITING = "folkmoot-parts";

// Takes the part behind the # of this page's address, if there is one.
function takeFragment() {
  if (PART_TEXT.test(location.hash)) takeParts([location.hash]);
  else if (!page.file) show();
}

// Takes parts as texts, with those that wait; judges the proof if it is whole, else says what is missing.
function takeParts(texts) {
  if (!texts.length) return;
  const read = verdictOf(() => ({ parts: texts.map(parsePart) }), () => "malformed");
  if (read.verdict) {
    report("bad_parts");
    return;
  }
  const { total, tag } = read.parts[0], known = Object.assign({}, waitingParts(total, tag));
  for (const part of read.parts) known[part.number] = `${part.number}.${part.total}.${part.tag}.${part.digits}`;
  const missing = [];
  for (let number = 1; number <= total; number++) if (!known[number]) missing.push(number);
  keepWaiting(missing.length ? { total, tag, known } : null);
  if (missing.length) {
    report("parts_missing", { parts: missing.join(", "), total });
    return;
  }
  const all = Object.keys(known).map((at) => known[at]);
  const whole = verdictOf(() => ({ file: unpackShort(joinParts(all)) }), () => "malformed");
  if (whole.file) takeFile(whole.file);
  else report("bad_parts");
}

// The parts of the same proof that were read before.
function waitingParts(total, tag) {
  try {
    const waiting = JSON.parse(localStorage.getItem(WAITING));
    return waiting && waiting.total === total && waiting.tag === tag ? waiting.known : {};
  } catch (error) {
    return {}; // a browser that keeps nothing: the codes can be pasted together
  }
}

function keepWaiting(parts) {
  try {
    if (parts) localStorage.setItem(WAITING, JSON.stringify(parts));
    else localStorage.removeItem(WAITING);
  } catch (error) {
    // then they do not wait
  }
}
