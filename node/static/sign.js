// SPDX-License-Identifier: AGPL-3.0-or-later
// A key that this browser makes and keeps, and statements signed with it (spec 03 §1, spec 21 §3). Served behind what
// signs (node/signing/sign-ed25519.js).

const KEPT = "folkmoot-proposer";

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
