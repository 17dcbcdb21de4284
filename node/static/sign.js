// SPDX-License-Identifier: AGPL-3.0-or-later
// A key that this browser makes and keeps, and statements signed with it (spec 03 §1, spec 21 §3). Served behind the
// verifier's own arithmetic: WebCrypto is not there on pages over plain http, and few browsers have its Ed25519.

const KEPT = "folkmoot-proposer";

// 32 random bytes are the key; what follows from them is RFC 8032 §5.1.5.
function expandSeed(seed) {
  const hash = sha512(seed), scalar = hash.slice(0, 32);
  scalar[0] &= 248;
  scalar[31] = (scalar[31] & 127) | 64;
  const secret = modOrder(joinBytes(scalar, new Uint8Array(32)));
  return { secret, prefix: hash.slice(32), public: timesBase(secret) };
}

function timesBase(scalar) {
  return baseMinusKey(scalar, null, new Uint8Array(32));
}

// RFC 8032 §5.1.6.
function signMessage(seed, message) {
  const key = expandSeed(seed);
  const r = modOrder(sha512(joinBytes(key.prefix, message)));
  const R = timesBase(r);
  const k = modOrder(sha512(joinBytes(R, key.public, message)));
  return joinBytes(R, modOrder(sumAndProduct(r, k, key.secret)));
}

// a + b * c in 64 bytes, lowest first.
function sumAndProduct(a, b, c) {
  const out = new Float64Array(64), data = new Uint8Array(64);
  for (let i = 0; i < 32; i++) {
    out[i] += a[i];
    for (let j = 0; j < 32; j++) out[i + j] += b[i] * c[j];
  }
  for (let i = 0, carry = 0; i < 64; i++) {
    const sum = out[i] + carry;
    data[i] = sum % 256;
    carry = Math.floor(sum / 256);
  }
  return data;
}

// The bytes of a statement whose body is encoded already.
function statementBytes(form, author, now) {
  const { log, kind, body } = form.dataset;
  const bytes = (data) => joinBytes(Uint8Array.of(0xc4, data.length), data);
  const at = Math.min(0xffffffff, Math.max(0x10000, Math.floor(now / 1000)));
  const id = crypto.getRandomValues(new Uint8Array(16));
  const time = Uint8Array.of(0xce, at >>> 24, (at >>> 16) & 255, (at >>> 8) & 255, at & 255);
  const name = joinBytes(Uint8Array.of(0xa0 | kind.length), utf8(kind));
  return joinBytes(Uint8Array.of(0x97, 1), bytes(fromHex(log)), name, bytes(id), time, bytes(author), fromHex(body));
}

function keptSeed() {
  try {
    const text = localStorage.getItem(KEPT) || "";
    return /^[0-9a-f]{64}$/.test(text) ? fromHex(text) : null;
  } catch (error) {
    return null; // this browser keeps nothing
  }
}

function keepSeed(seed) {
  try {
    if (seed) localStorage.setItem(KEPT, toHex(seed));
    else localStorage.removeItem(KEPT);
  } catch (error) {
    // it is good for this page only
  }
}

function offerKey(form) {
  const words = JSON.parse(form.dataset.words);
  const field = document.getElementById("key-secret"), status = document.getElementById("send-status");
  let seed = keptSeed() || crypto.getRandomValues(new Uint8Array(32));
  const showKey = () => {
    document.getElementById("key-public").textContent = toHex(expandSeed(seed).public).slice(0, 16);
    field.value = toHex(seed);
  };
  form.querySelector(".unscripted").hidden = true;
  form.querySelector(".scripted").hidden = false;
  showKey();
  document.getElementById("key-use").addEventListener("click", () => {
    const text = field.value.trim().toLowerCase();
    field.setAttribute("aria-invalid", String(!/^[0-9a-f]{64}$/.test(text)));
    if (!/^[0-9a-f]{64}$/.test(text)) return;
    seed = fromHex(text);
    keepSeed(seed);
    showKey();
  });
  document.getElementById("key-forget").addEventListener("click", () => {
    if (!confirm(words.forget)) return;
    keepSeed(null);
    seed = crypto.getRandomValues(new Uint8Array(32));
    showKey();
  });
  form.addEventListener("submit", (event) => {
    if (!event.submitter || event.submitter.value !== "send" || form.elements.how.value !== "key") return;
    event.preventDefault();
    if (form.elements.nickname && form.elements.nickname.value) return;
    status.textContent = words.sending;
    event.submitter.disabled = true;
    send(form, seed, words)
      .then((id) => location.assign(`/proposals/${id}?sent=yes`))
      .catch((error) => {
        status.textContent = error.detail ? words.fault.replace("{why}", error.detail) : words.network;
        event.submitter.disabled = false;
      });
  });
}

async function send(form, seed) {
  const statement = statementBytes(form, expandSeed(seed).public, Date.now());
  const signature = signMessage(seed, joinBytes(utf8("folkmoot/statement/1\0"), statement));
  const body = { statement: toHex(statement), signature: toHex(signature) };
  if (form.dataset.link) body.link = form.dataset.link;
  const answer = await fetch("/v1/proposals", {
    method: "POST", headers: { "Content-Type": "application/json", Accept: "application/json" }, body: JSON.stringify(body),
  });
  const told = await answer.json();
  if (!answer.ok) throw Object.assign(new Error(told.title), { detail: told.detail || told.title });
  keepSeed(seed);
  return told.id;
}

function showMine(link) {
  const seed = keptSeed();
  if (!seed) return;
  link.href = `/proposals?author=${toHex(expandSeed(seed).public)}`;
  link.hidden = false;
}

function startSigning() {
  const form = document.getElementById("send"), mine = document.getElementById("mine");
  if (form && form.querySelector(".scripted")) offerKey(form);
  if (mine) showMine(mine);
  startRole();
}
