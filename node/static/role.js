// SPDX-License-Identifier: AGPL-3.0-or-later
// Whoever has a role begins a session with the key of sign.js, and signs what they decide with it (spec 04 §9). Served as
// a part of sign.js. The secret is in no field of a form that is sent.

const STATEMENT = utf8("folkmoot/statement/1\0"), ROLE_SESSION = utf8("folkmoot/role-session/1\0");

function showScripted(form, scripted) {
  for (const one of form.querySelectorAll(".scripted")) one.hidden = !scripted;
  for (const one of form.querySelectorAll(".unscripted")) one.hidden = scripted;
}

// [host, log, key, challenge] in the encoding of spec 01.
function sessionMessage(log, key, challenge) {
  const host = utf8(location.host.toLowerCase());
  const head = host.length < 32 ? Uint8Array.of(0xa0 | host.length) : Uint8Array.of(0xd9, host.length);
  const bytes = (data) => joinBytes(Uint8Array.of(0xc4, data.length), data);
  return joinBytes(ROLE_SESSION, Uint8Array.of(0x94), head, host, bytes(log), bytes(key), bytes(challenge));
}

function signInByKey(form) {
  const secret = document.getElementById("key-secret"), wrong = document.getElementById("key-wrong");
  let seed = keptSeed() || crypto.getRandomValues(new Uint8Array(32));
  const showKey = () => {
    const text = toHex(expandSeed(seed).public);
    document.getElementById("key-public").textContent = text;
    form.elements.key.value = text;
    secret.value = toHex(seed);
  };
  showScripted(form, true);
  showKey();
  document.getElementById("key-use").addEventListener("click", () => {
    const text = secret.value.trim().toLowerCase(), fits = /^[0-9a-f]{64}$/.test(text);
    secret.setAttribute("aria-invalid", String(!fits));
    wrong.hidden = fits;
    if (!fits) return;
    seed = fromHex(text);
    keepSeed(seed);
    showKey();
  });
  form.addEventListener("submit", () => {
    keepSeed(seed);
    const message = sessionMessage(fromHex(form.dataset.log), expandSeed(seed).public, fromHex(form.elements.challenge.value));
    form.elements.signature.value = toHex(signMessage(seed, message));
  });
}

// Whether a statement is one of this log: what else is signed with this key is none.
function isOfLog(statement, log) {
  const head = joinBytes(Uint8Array.of(0x97, 1, 0xc4, 32), log);
  return head.every((byte, at) => statement[at] === byte);
}

function signHere(form) {
  const seed = keptSeed();
  if (!seed || toHex(expandSeed(seed).public) !== form.dataset.key) {
    for (const one of form.querySelectorAll(".unscripted")) one.hidden = true;
    form.querySelector(".key-missing").hidden = false;
    return;
  }
  showScripted(form, true);
  form.addEventListener("submit", (event) => {
    if (!event.submitter || event.submitter.value !== "sign") return;
    for (const field of form.querySelectorAll("[data-statement]")) {
      const statement = fromHex(field.dataset.statement);
      if (!isOfLog(statement, fromHex(form.dataset.log))) return event.preventDefault();
      field.value = toHex(signMessage(seed, joinBytes(STATEMENT, statement)));
    }
  });
}

function copyTo(button) {
  const source = document.getElementById(button.dataset.copy);
  if (!navigator.clipboard) return; // there is none on pages over plain http
  button.hidden = false;
  button.addEventListener("click", () =>
    navigator.clipboard.writeText(source.textContent).then(() => {
      document.getElementById("copied").textContent = button.dataset.copied;
    }, () => {}),
  );
}

function startRole() {
  const entrance = document.getElementById("sign-in-by-key"), confirmation = document.getElementById("sign-here");
  if (entrance) signInByKey(entrance);
  if (confirmation) signHere(confirmation);
  for (const button of document.querySelectorAll("[data-copy]")) copyTo(button);
}
