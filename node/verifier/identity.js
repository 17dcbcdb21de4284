// SPDX-License-Identifier: AGPL-3.0-or-later
// Names of logs (spec 04 §1, §6).

const BASE32 = "abcdefghijklmnopqrstuvwxyz234567";

// The 52 characters that stand for a LogId.
function showLogId(logId) {
  let text = "", bits = 0, held = 0;
  for (const byte of logId) {
    bits = (bits << 8) | byte;
    for (held += 8; held >= 5; held -= 5) text += BASE32[(bits >> (held - 5)) & 31];
  }
  return held ? text + BASE32[(bits << (5 - held)) & 31] : text;
}

// The log and epoch that a checkpoint's first line names. Throws Malformed (`origin`).
function parseOrigin(text) {
  const match = /^folkmoot\/([a-z2-7]{52})\/([1-9][0-9]{0,9})$/.exec(text);
  if (!match) throw new Malformed("origin", "not the origin of a Folkmoot log");
  const logId = [];
  let bits = 0, held = 0;
  for (const character of match[1]) {
    bits = ((bits << 5) | BASE32.indexOf(character)) & 0xfff;
    held += 5;
    if (held >= 8) logId.push((bits >> (held -= 8)) & 0xff);
  }
  const found = Uint8Array.from(logId);
  if (showLogId(found) !== match[1]) throw new Malformed("origin", "a second spelling of a log id");
  return { logId: found, epoch: Number(match[2]) };
}

function showOrigin(logId, epoch) {
  return `folkmoot/${showLogId(logId)}/${decimalOf(epoch)}`;
}
