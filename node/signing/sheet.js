// SPDX-License-Identifier: AGPL-3.0-or-later
// What stands on a recovery sheet (spec 04 §3): 14 groups of 4 characters, 32 bytes of secret and 3 of a check.

const SECRET_GROUPS = 14, GROUP_CHARACTERS = 4, SECRET_BYTES = 32;
const SHEET_CHARACTERS_MAX = 100000;
const SECRET_LINE = /^ {4}((?:[a-z2-7]{1,4} ?)+)$/gm;
const PUBLIC_LINE = /^public [0-9]{1,2} [a-z2-7]{52}$/gm;
const LOG_LINE = /^log ([a-z2-7]{52})$/m;

// What is wrong with a sheet: the name of a message, and values to be put in.
class SheetFault extends Error {
  constructor(name, values) {
    super(name);
    this.name = name;
    this.values = values || {};
  }
}

// The secret that somebody typed from paper, wherever they put blanks. Throws SheetFault, by group where it can.
function readSecret(text) {
  const joined = text.replace(/\s+/g, "").toLowerCase();
  const groups = joined.match(/[^]{1,4}/g) || [];
  const strange = groups.map((group, i) => (/^[a-z2-7]+$/.test(group) ? 0 : i + 1)).filter((number) => number);
  if (strange.length) throw new SheetFault("secret_letters", { groups: strange.join(", ") });
  if (joined.length !== SECRET_GROUPS * GROUP_CHARACTERS) {
    throw new SheetFault("secret_length", { number: String(joined.length) });
  }
  const data = [];
  let bits = 0, held = 0;
  for (const character of joined) {
    bits = ((bits << 5) | BASE32.indexOf(character)) & 0xfff;
    held += 5;
    if (held >= 8) data.push((bits >> (held -= 8)) & 0xff);
  }
  const secret = Uint8Array.from(data.slice(0, SECRET_BYTES)), check = Uint8Array.from(data.slice(SECRET_BYTES));
  if (!equalBytes(sha256(secret).slice(0, check.length), check)) throw new SheetFault("secret_check");
  return secret;
}

// The sheet in the text of a file, or a file with nothing but its secret: {secret, log}, of which log may be empty.
function readSheet(text) {
  if (text.length > SHEET_CHARACTERS_MAX) throw new SheetFault("no_sheet");
  const lines = text.replace(/\r\n/g, "\n").match(SECRET_LINE);
  const found = lines ? lines.join(" ") : text.replace(PUBLIC_LINE, "");
  if (found.length > 1000) throw new SheetFault("no_sheet");
  const log = LOG_LINE.exec(text);
  return { secret: readSecret(found), log: log ? log[1] : "" };
}

// The seed of a holder's recovery key of one generation.
function recoverySeed(secret, generation) {
  const number = Uint8Array.from([24, 16, 8, 0], (shift) => (generation >>> shift) & 255);
  return sha256(joinBytes(utf8("folkmoot/recovery-key/1\0"), secret, number));
}
