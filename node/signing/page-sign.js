// SPDX-License-Identifier: AGPL-3.0-or-later
// The page on which a holder signs: takes an amendment in, says what it changes, takes the secret, gives the file back.
// Nothing is sent: the policy of the page lets it connect to nobody.

// What is before the holder: the amendment as it is now, what is wrong with it or with the sheet as [message, values],
// whether it was signed here and by which key.
const desk = { amendment: null, problem: null, fault: null, signer: "" };

function byId(id) {
  return document.getElementById(id);
}

function start() {
  const preferred = byId("page").getAttribute("data-languages").split(" ");
  const chosen = byId("page").getAttribute("data-chosen");
  chooseLanguage([chosen].concat(Array.from(navigator.languages || [navigator.language || ""]), preferred));
  byId("language").addEventListener("change", ({ target }) => {
    language = target.value;
    show();
  });
  byId("choose-file").addEventListener("change", ({ target }) => (
    readChosen(target, AMENDMENT_BYTES_MAX, takeAmendment)
  ));
  byId("take-text").addEventListener("click", () => takeAmendment(utf8(byId("text").value.trim())));
  byId("choose-sheet").addEventListener("change", ({ target }) => readChosen(target, SHEET_CHARACTERS_MAX, takeSheet));
  byId("show-secret").addEventListener("change", ({ target }) => {
    byId("secret").classList.toggle("masked", !target.checked);
  });
  byId("sign").addEventListener("click", () => sign(() => ({ secret: readSecret(byId("secret").value), log: "" })));
  byId("save").addEventListener("click", save);
  byId("copy").addEventListener("click", () => {
    byId("signed-text").select();
    byId("copied").hidden = !document.execCommand("copy");
  });
  const inside = byId("file");
  if (inside) takeAmendment(fromBase64(inside.textContent));
  else show();
}

function readChosen(input, most, take) {
  const file = input.files[0];
  if (!file) return;
  const reader = new FileReader();
  reader.onload = () => take(new Uint8Array(reader.result));
  if (file.size <= most) reader.readAsArrayBuffer(file);
  else take(new Uint8Array(0));
  input.value = "";
}

function takeAmendment(bytes) {
  Object.assign(desk, { amendment: null, problem: null, fault: null, signer: "" });
  try {
    desk.amendment = readAmendment(bytes);
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    desk.problem = [error.reason === "file" ? "no_amendment" : "not_following", { why: error.message }];
  }
  show();
}

function takeSheet(bytes) {
  sign(() => {
    try {
      return readSheet(fromUtf8(bytes, "sheet"));
    } catch (error) {
      throw error instanceof Malformed ? new SheetFault("no_sheet") : error;
    }
  });
}

// Signs with the sheet that `read` gives, or says what is wrong with it. The secret stays no longer than that.
function sign(read) {
  const { amendment } = desk;
  try {
    const { secret, log } = read();
    if (log && log !== showLogId(amendment.keys.logId)) throw new SheetFault("sheet_other");
    desk.amendment = signAmendment(amendment, secret);
    desk.signer = fingerprint(expandSeed(recoverySeed(secret, amendment.keys.charter.kseq)).public);
    secret.fill(0);
    byId("secret").value = "";
    desk.fault = null;
  } catch (error) {
    if (!(error instanceof SheetFault) && !(error instanceof Malformed)) throw error;
    desk.fault = error instanceof SheetFault ? [error.name, error.values] : ["not_following", { why: error.message }];
  }
  show();
  byId(desk.fault ? "secret" : "done").focus();
}

function show() {
  const { amendment, problem, fault, signer } = desk;
  document.documentElement.lang = language;
  document.title = say("title");
  Array.from(document.querySelectorAll("[data-say]")).forEach((element) => {
    element.textContent = say(element.getAttribute("data-say"));
  });
  byId("language").value = language;
  fill(empty(byId("told")), {}, amendment ? told(amendment) : problem ? [problemText(problem)] : []);
  byId("holder").hidden = !amendment || Boolean(signer);
  byId("done").hidden = !signer;
  byId("copied").hidden = true;
  byId("secret").setAttribute("aria-invalid", String(Boolean(fault)));
  fill(empty(byId("fault")), {}, fault ? [say(...fault)] : []);
  if (!signer) return;
  const lacking = holdersLacking(amendment);
  const next = lacking ? say("more_lacking", { number: numberText(lacking) }) : say("complete");
  fill(empty(byId("outcome")), {}, [make("p", {}, next), make("p", {}, say("your_key"), " ", code(signer))]);
  byId("signed-text").value = writeAmendment(amendment);
}

function problemText([name, values]) {
  const text = make("p", { class: "problem" }, say(name, values));
  return name === "no_amendment" ? text : make("div", {}, text, technical(values.why));
}

function technical(why) {
  return make("details", {}, make("summary", {}, say("details")), make("p", { lang: "en" }, why));
}

// Whose amendment it is and what it changes.
function told(amendment) {
  const { keys, charter } = amendment, log = showLogId(keys.logId);
  const signed = holdersSigned(amendment), { threshold, keys: holders } = keys.charter.recovery;
  const whole = make("span", { class: "log" }, make("strong", {}, log.slice(0, 8)), log.slice(8));
  const of = { signed: numberText(signed), threshold: numberText(threshold), holders: numberText(holders.length) };
  const changes = amendmentChanges(amendment).map(changeRow);
  return [
    make("h2", { tabindex: "-1", id: "whose" }, say("whose")),
    termList([
      ["organisation", chosen(keys.charter.name)],
      ["log", make("span", {}, code(whole), make("br", {}), make("span", { class: "remark" }, say("log_hint")))],
      ["number", numberText(charter.kseq)],
      ["signatures", say("signed_of", of)],
    ]),
    make("h2", {}, say("changes")),
    changes.length ? make("dl", { class: "changes" }, ...changes) : make("p", {}, say("changes_none")),
  ];
}

// A change as a term and what becomes of it.
function changeRow({ what, before, after }) {
  return make("div", {}, make("dt", {}, say(`what_${what}`)), make("dd", {}, ...changeContent(what, before, after)));
}

function changeContent(what, before, after) {
  if (what === "new_key") return [code(after[0])];
  if (what === "removed_key") return [code(before[0]), " ", make("strong", {}, say("for_ever"))];
  if (what === "epoch") {
    return [say("epoch_says", { epoch: after[0], size: after[1] })];
  }
  const texts = (list) => (what === "assembly" ? rulesText(list) : list.length ? listed(list) : say("nothing"));
  return [
    make("p", {}, make("span", { class: "remark" }, say("before")), " ", make("del", {}, texts(before))),
    make("p", {}, make("span", { class: "remark" }, say("after")), " ", make("ins", {}, texts(after))),
  ];
}

function rulesText(list) {
  return list.length ? say("rules", { turnout: list[0], majority: list[1] }) : say("rules_none");
}

function listed(list) {
  const parts = [];
  list.forEach((text, i) => parts.push(...(i ? [", ", quoted(text)] : [quoted(text)])));
  return make("span", {}, ...parts);
}

function code(content) {
  return make("code", { dir: "ltr" }, content);
}

function empty(element) {
  while (element.firstChild) element.removeChild(element.firstChild);
  return element;
}

function save() {
  const { amendment, signer } = desk;
  const log = showLogId(amendment.keys.logId).slice(0, 8), number = decimalOf(amendment.charter.kseq);
  const link = make("a", { download: `${log}-${number}-${signer.slice(0, 4)}.json` });
  link.href = URL.createObjectURL(new Blob([writeAmendment(amendment)], { type: "application/json" }));
  document.body.appendChild(link);
  link.click();
  link.remove();
}
