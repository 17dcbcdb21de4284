// SPDX-License-Identifier: AGPL-3.0-or-later
// The page comes to life: takes in files, judges them, shows what is found, in the language of the reader.

const FILE_BYTES_MAX = MEMBER_BYTES_MAX;

// What is before the reader: the file, a trust file as {bytes, name}, the verdict on the file, or else what is wrong as
// [message, values]. `turn` counts the files, so that no verdict is shown for another one.
const page = { file: null, trust: null, judged: null, problem: null, turn: 0 };

function byId(id) {
  return document.getElementById(id);
}

async function start() {
  const preferred = byId("page").getAttribute("data-languages").split(" ");
  chooseLanguage(Array.from(navigator.languages || [navigator.language || ""]).concat(preferred));
  listen();
  show();
  const inside = byId("file"), trusted = byId("trust"), trustUrl = byId("page").getAttribute("data-trust-url");
  if (trusted) takeTrust({ bytes: fromBase64(trusted.textContent), name: () => say("trust_given") });
  if (trustUrl) await askForTrust(trustUrl);
  if (inside) takeFile(fromBase64(inside.textContent));
  else takeFragment();
}

// Takes the trust file of the node that shows this page, until the reader gives one.
async function askForTrust(url) {
  try {
    const answer = await fetch(url), bytes = new Uint8Array(await answer.arrayBuffer());
    if (answer.ok && !page.trust) takeTrust({ bytes, name: () => say("trust_of_node") });
  } catch (error) {
    console.warn(error); // the node cannot be reached: the reader gives a trust file
  }
}

function listen() {
  byId("language").addEventListener("change", ({ target }) => {
    language = target.value;
    show();
  });
  byId("choose-file").addEventListener("change", ({ target }) => readChosen(target, false));
  byId("choose-trust").addEventListener("change", ({ target }) => readChosen(target, true));
  byId("forget-trust").addEventListener("click", () => takeTrust(null));
  byId("save").addEventListener("click", saveFile);
  byId("parts").addEventListener("input", ({ target }) => takeParts(target.value.split(/\s+/).filter((text) => text)));
  document.addEventListener("dragover", (event) => event.preventDefault());
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    readFile(event.dataTransfer.files[0], false);
  });
  window.addEventListener("hashchange", takeFragment);
  window.addEventListener("beforeprint", () => {
    Array.from(document.querySelectorAll("button.more")).forEach((button) => button.click());
  });
}

function readChosen(input, isTrust) {
  readFile(input.files[0], isTrust);
  input.value = "";
}

// Takes a file that the reader chose or dropped. A trust file that was dropped is known by what is in it.
function readFile(file, isTrust) {
  if (!file) return;
  if (file.size > FILE_BYTES_MAX) {
    report("too_large");
    return;
  }
  const reader = new FileReader();
  reader.onload = () => {
    const bytes = new Uint8Array(reader.result);
    if (isTrust || isTrustFile(bytes)) takeTrust({ bytes, name: () => file.name });
    else takeFile(bytes);
  };
  reader.readAsArrayBuffer(file);
}

function isTrustFile(bytes) {
  return verdictOf(() => ({ trust: parseTrust(bytes) }), () => "malformed").verdict === undefined;
}

function takeFile(bytes) {
  page.file = bytes;
  judge();
}

function takeTrust(trust) {
  if (trust && !isTrustFile(trust.bytes)) {
    report("bad_trust");
    return;
  }
  page.trust = trust;
  if (page.file) judge();
  else show();
}

// Says what is wrong; the verdict that was there is no longer shown.
function report(problem, values) {
  page.turn++;
  page.problem = [problem, values];
  page.judged = null;
  show();
}

// Judges the file that is there, and shows the verdict unless another file has come meanwhile.
async function judge() {
  const turn = ++page.turn;
  page.problem = null;
  page.judged = null;
  show();
  try {
    const judged = await judgeFile(page.file, page.trust && parseTrust(page.trust.bytes), showProgress);
    if (turn !== page.turn) return;
    if (judged.problem) report(judged.problem);
    else page.judged = judged;
    show();
  } catch (error) {
    console.error(error);
    report("fault");
  }
}

// The verdict on a file of any kind that this page knows, as {kind, found}; {problem} where there is none.
async function judgeFile(file, trust, progress) {
  if (isMemberStatement(file)) return { kind: "member", found: await judgeMember(file, trust, progress) };
  if (!equalBytes(file.subarray(0, PROOF_HEADER.length), utf8(PROOF_HEADER))) return { problem: "unknown_file" };
  if (!trust) return { problem: "needs_trust" };
  if (isBalance(file)) return { kind: "balance", found: judgeBalance(file, trust) };
  return { kind: "proof", found: judgeProof(file, trust) };
}

function showProgress(done, all) {
  byId("progress").value = done / all;
}

function show() {
  document.documentElement.lang = language;
  document.title = say("title");
  Array.from(document.querySelectorAll("[data-say]")).forEach((element) => {
    element.textContent = say(element.getAttribute("data-say"));
  });
  byId("language").value = language;
  byId("tools-title").textContent = page.file ? say("tools") : say("tools_first");
  const believed = page.trust && say("counted", { what: say("trusted_by"), number: page.trust.name() });
  fill(empty(byId("trust-name")), {}, [believed]);
  byId("forget-trust").hidden = !page.trust;
  byId("save").hidden = !page.file;
  byId("busy").hidden = !page.file || Boolean(page.judged || page.problem);
  const problem = page.problem && make("p", { class: "problem" }, say(...page.problem));
  const [verdict, ...sections] = page.judged ? resultsOf(page.judged) : [problem];
  fill(empty(byId("verdict")), {}, [verdict]);
  fill(empty(byId("results")), {}, sections);
}

function empty(element) {
  while (element.firstChild) element.removeChild(element.firstChild);
  return element;
}

// The panel of the verdict and the sections below it.
function resultsOf(judged) {
  const { kind, found } = judged, trustName = page.trust ? page.trust.name() : "";
  const isTrueMember = kind === "member" && found.verdict === "true";
  const told = isTrueMember ? memberSections(new MemberView(found)) : kind === "member" ? [] : proofSections(judged);
  const details = make("details", {}, make("summary", {}, say("details")), make("p", { lang: "en" }, found.why));
  return [verdictPanel(judged), groundsSection(judged, trustName), ...told, details];
}

function saveFile() {
  const name = isMemberStatement(page.file) ? "folkmoot.member-statement" : "folkmoot.tlog-proof";
  const link = make("a", { download: name });
  link.href = URL.createObjectURL(new Blob([page.file]));
  document.body.appendChild(link);
  link.click();
  link.remove();
}
