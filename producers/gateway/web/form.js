// The form of a checkpoint: a row is sealed, kept, and sent when the gateway answers.

import { readMrz } from "/form/mrz.js";
import { count, device, fact, keep, keepFact, nextNumber, take, waiting } from "/form/queue.js";
import { seal } from "/form/sealing.js";

const AGAIN_MS = 5000;
const ANSWER_MS = 8000;
const TELLING_SKEW_MS = 60_000;
const KEPT_FIELDS = ["checkpoint_id", "direction", "service_no"];
const $ = (id) => document.getElementById(id);
const form = $("form");

const LABELS = { document_number: "nomor", birth_date: "tanggal lahir", expires_on: "masa berlaku", mrz: "seluruh zona" };
const REASONS = {
  missing_field: "belum diisi",
  naive_time: "waktu tanpa zona",
  bad_date: "tanggal harus TTTT-BB-HH",
  out_of_range: "nilai di luar batas",
  unknown_value: "isi tidak dikenal",
  unknown_checkpoint: "pos tidak dikenal",
  wrong_province: "pos ini bukan dari provinsi kunci ini",
  wrong_checkpoint: "kunci ini bukan untuk pos ini",
  no_identity: "isi nama atau nomor dokumen",
  raw_identity: "jangan tulis identitas di kolom ini",
  too_long: "terlalu panjang",
};

function say(text, kind = "") {
  $("said").textContent = text;
  $("said").className = kind;
}

function mark(field, text) {
  const place = $(field);
  if (place) {
    place.setAttribute("aria-invalid", "true");
    place.focus();
  }
  const label = place && document.querySelector(`label[for=${field}]`);
  say(label ? `${label.firstChild.textContent.trim()}: ${text}` : text, "bad");
}

function unmark() {
  for (const place of form.querySelectorAll("[aria-invalid]")) place.removeAttribute("aria-invalid");
  say("");
}

function showMrz() {
  const said = $("mrz_said");
  const found = readMrz($("mrz").value, new Date());
  said.className = "";
  if (found.problem) {
    said.textContent = { empty: "", length: `${found.length} huruf; MRZ punya 88, 72 atau 90`, characters: "hanya A-Z, 0-9 dan <" }[found.problem];
    return;
  }
  for (const [name, value] of Object.entries(found.fields)) if (value) $(name).value = value;
  const wrong = Object.keys(found.checks).filter((name) => !found.checks[name]);
  for (const name of Object.keys(found.checks)) $(name).toggleAttribute("aria-invalid", false);
  for (const name of wrong) $(name).setAttribute("aria-invalid", "true");
  said.className = wrong.length ? "bad" : "good";
  said.textContent = wrong.length ? `✗ angka uji tidak cocok: ${wrong.map((name) => LABELS[name]).join(", ")}` : "✓ semua angka uji cocok";
}

function localTime(now) {
  const offset = -now.getTimezoneOffset();
  const two = (n) => String(Math.floor(Math.abs(n))).padStart(2, "0");
  const there = new Date(now.getTime() + offset * 60_000).toISOString().slice(0, 19);
  return `${there}${offset < 0 ? "-" : "+"}${two(offset / 60)}:${two(offset % 60)}`;
}

function rowOf() {
  const row = {};
  for (const [name, value] of new FormData(form)) if (value.trim()) row[name] = value.trim();
  return row;
}

function lacking(row) {
  if (!$("key").value.trim()) return "key";
  if (!row.checkpoint_id) return "checkpoint_id";
  return row.name || row.document_number || row.nik || row.mrz ? "" : "name";
}

async function save(event) {
  event.preventDefault();
  unmark();
  const row = rowOf();
  const missing = lacking(row);
  if (missing) return mark(missing, missing === "name" ? REASONS.no_identity : REASONS.missing_field);
  const publicKey = await fact("sealing_key");
  if (!publicKey) return say("gerbang belum pernah dihubungi: hubungkan alat ini sekali", "bad");
  $("save").disabled = true;
  try {
    const sequence = await nextNumber();
    Object.assign(row, { event_id: `form-${crypto.randomUUID()}`, device_id: await device(), sequence, occurred_at: localTime(new Date()) });
    await keep(sequence, await seal(row, publicKey));
    const refused = (await send()).get(sequence);
    if (refused) return told(refused);
    for (const place of form.elements) if (place.name && !KEPT_FIELDS.includes(place.name)) place.value = place.options?.[0]?.value ?? "";
    $("mrz_said").textContent = "";
    $("mrz").focus();
  } catch {
    say("tidak dapat disimpan di alat ini: catat di kertas", "bad");
  } finally {
    $("save").disabled = false;
  }
}

function told(result) {
  mark(result.field ?? "", REASONS[result.code] ?? result.code);
}

function list(sequence, text, kind) {
  const item = document.createElement("li");
  item.textContent = `no. ${sequence}: ${text}`;
  item.className = kind;
  $("done").prepend(item);
  while ($("done").children.length > 8) $("done").lastChild.remove();
}

// Rows that this gateway cannot open: they stay, for the gateway that they were sealed for may come back.
const foreign = new Set();

let sending = null;
function send() {
  sending ??= sendAll().finally(() => (sending = null));
  return sending;
}

// Sends what waits, oldest first; gives the results of rows that were refused, by number.
async function sendAll() {
  const refused = new Map();
  const key = $("key").value.trim();
  for (const { sequence, sealed } of key ? await waiting() : []) {
    if (foreign.has(sequence)) continue;
    let answer;
    try {
      answer = await fetch("/v1/sealed", {
        method: "POST",
        headers: { "Content-Type": "application/json", Authorization: `Bearer ${key}` },
        body: JSON.stringify(sealed),
        signal: AbortSignal.timeout(ANSWER_MS),
      });
    } catch {
      showLine("tanpa jaringan: data menunggu di alat ini", "bad");
      break;
    }
    showSkew(answer);
    if (answer.status === 401 || answer.status === 403) {
      showLine("kunci gerbang tidak diterima", "bad");
      break;
    }
    const body = await answer.json().catch(() => ({}));
    if (body.code === "cannot_open") {
      foreign.add(sequence);
      list(sequence, "disegel untuk gerbang lain, tetap menunggu di alat ini", "bad");
      continue;
    }
    if (![200, 202, 422].includes(answer.status)) {
      showLine("gerbang belum dapat menerima: data menunggu di alat ini", "bad");
      break;
    }
    await take(sequence);
    const result = body.results[0];
    if (result.status === "rejected") {
      refused.set(sequence, result);
      list(sequence, `ditolak (${REASONS[result.code] ?? result.code}): isi kembali`, "bad");
    } else list(sequence, result.status === "stored" ? "disimpan gerbang" : "terkirim", "good");
    showLine("terhubung", "good");
  }
  await showQueue();
  return refused;
}

function showLine(text, kind) {
  $("line").textContent = text;
  $("line").className = kind;
}

function showSkew(answer) {
  const there = Date.parse(answer.headers.get("date") ?? "");
  const skew = Date.now() - there;
  if (Math.abs(skew) > TELLING_SKEW_MS) say(`jam alat ini ${skew > 0 ? "maju" : "mundur"} ${Math.round(Math.abs(skew) / 1000)} detik: betulkan`, "bad");
}

async function showQueue() {
  const left = await count();
  $("queue").textContent = left ? `${left} menunggu dikirim` : "tidak ada yang menunggu";
}

async function meet() {
  try {
    const answer = await fetch("/form/gateway.json", { cache: "no-store", signal: AbortSignal.timeout(ANSWER_MS) });
    const told = await answer.json();
    await keepFact("sealing_key", told.sealing_key);
    await keepFact("checkpoints", told.checkpoints);
    showLine("terhubung", "good");
    showSkew(answer);
  } catch {
    showLine("tanpa jaringan: data menunggu di alat ini", "bad");
  }
}

async function showCheckpoints() {
  const chosen = $("checkpoint_id").value || (await fact("checkpoint")) || "";
  const options = ((await fact("checkpoints")) ?? []).map(({ id, name }) => new Option(`${name} (${id})`, id));
  $("checkpoint_id").replaceChildren(new Option("", ""), ...options);
  $("checkpoint_id").value = chosen;
}

async function begin() {
  form.addEventListener("submit", save);
  $("mrz").addEventListener("input", showMrz);
  $("mrz").addEventListener("keydown", (event) => {
    // a scanner ends its lines with Enter: only Ctrl+Enter, or Enter elsewhere, saves
    if (event.key === "Enter" && event.ctrlKey) form.requestSubmit();
  });
  $("checkpoint_id").addEventListener("change", () => keepFact("checkpoint", $("checkpoint_id").value));
  $("key").value = sessionStorage.getItem("key") ?? "";
  $("key").addEventListener("change", () => {
    sessionStorage.setItem("key", $("key").value.trim());
    send();
  });
  addEventListener("online", send);
  await navigator.serviceWorker?.register("/sw.js");
  await meet();
  await showCheckpoints();
  await showQueue();
  $($("key").value ? "mrz" : "key").focus();
  await send();
  setInterval(async () => (await count()) && send(), AGAIN_MS);
  document.body.dataset.ready = "yes";
}

begin();
