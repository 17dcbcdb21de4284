// SPDX-License-Identifier: AGPL-3.0-or-later
// Byte strings (Uint8Array): compared, joined, and as text of several sorts.

// What is wrong with bytes or values that break a spec: `reason` is the reason word of its page.
class Malformed extends Error {
  constructor(reason, text) {
    super(`${text} [${reason}]`);
    this.reason = reason;
  }
}

// What `read` gives; what it finds Malformed is so for `reason`.
function orMalformed(reason, read) {
  try {
    return read();
  } catch (error) {
    throw error instanceof Malformed ? new Malformed(reason, error.message) : error;
  }
}

function equalBytes(a, b) {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

// Below, at or above 0 as `a` stands before, at or after `b`.
function compareBytes(a, b) {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) if (a[i] !== b[i]) return a[i] - b[i];
  return a.length - b.length;
}

function joinBytes(...parts) {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

function utf8(text) {
  return new TextEncoder().encode(text);
}

const utf8Decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

// Text from UTF-8. Throws Malformed (`reason`) for anything that is not.
function fromUtf8(data, reason) {
  try {
    return utf8Decoder.decode(data);
  } catch (error) {
    throw new Malformed(reason || "utf8", "text that is not UTF-8");
  }
}

// Each byte as the character of that number, and back.
function latin1(data) {
  let text = "";
  for (let i = 0; i < data.length; i += 8192) text += String.fromCharCode.apply(null, data.subarray(i, i + 8192));
  return text;
}

function fromLatin1(text) {
  const out = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) out[i] = text.charCodeAt(i);
  return out;
}

function toHex(data) {
  return Array.from(data, (byte) => (byte < 16 ? "0" : "") + byte.toString(16)).join("");
}

function fromHex(text) {
  const out = new Uint8Array(text.length / 2);
  for (let i = 0; i < out.length; i++) out[i] = parseInt(text.substr(2 * i, 2), 16);
  return out;
}

function toBase64(data) {
  return btoa(latin1(data));
}

// Standard padded base64 in its one spelling. Throws Malformed (`reason`).
function fromBase64(text, reason) {
  let data = new Uint8Array(0);
  try {
    data = fromLatin1(atob(text));
  } catch (error) {
    // what is not base64 at all does not come back either
  }
  if (toBase64(data) !== text) throw new Malformed(reason || "base64", "not strict base64");
  return data;
}

// Base64 for addresses, without padding, in its one spelling. Throws Malformed (`reason`).
function fromBase64Url(text, reason) {
  if (!/^[A-Za-z0-9_-]*$/.test(text)) throw new Malformed(reason, "not base64url");
  const plain = text.replace(/-/g, "+").replace(/_/g, "/");
  return fromBase64(plain + "===".slice(0, (4 - (plain.length % 4)) % 4), reason);
}
