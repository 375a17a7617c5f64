// Reads the machine readable zone of passports and cards (ICAO Doc 9303), and says which check digits fit.

const SHAPES = { "44,44": "TD3", "36,36": "TD2", "30,30,30": "TD1" };

export function checkDigit(text) {
  const weights = [7, 3, 1];
  let sum = 0;
  for (let i = 0; i < text.length; i++) sum += (text[i] === "<" ? 0 : parseInt(text[i], 36)) * weights[i % 3];
  return String(sum % 10);
}

function linesOf(text) {
  let lines = text.toUpperCase().split(/[\r\n]+/).map((line) => line.replace(/\s/g, "")).filter(Boolean);
  if (lines.length === 1) {
    const size = { 88: 44, 72: 36, 90: 30 }[lines[0].length];
    if (size) lines = lines[0].match(new RegExp(`.{${size}}`, "g"));
  }
  return lines;
}

// The zone's fields in the words of a row, and `checks` by field; `problem` where it cannot be read (yet).
export function readMrz(text, today) {
  const lines = linesOf(text);
  if (!lines.length) return { problem: "empty" };
  if (!lines.every((line) => /^[A-Z0-9<]+$/.test(line))) return { problem: "characters" };
  const shape = SHAPES[lines.map((line) => line.length).join()];
  if (!shape) return { problem: "length", length: lines.join("").length };
  return shape === "TD1" ? card(lines, today) : booklet(lines, shape, today);
}

function booklet([first, second], shape, today) {
  const optional = second.slice(28, shape === "TD3" ? 42 : 35);
  const [number, digit, rest] = shape === "TD2" ? longNumber(second.slice(0, 9), second[9], optional) : [second.slice(0, 9), second[9], optional];
  const checks = {
    document_number: digit === checkDigit(number),
    birth_date: second[19] === checkDigit(second.slice(13, 19)),
    expires_on: second[27] === checkDigit(second.slice(21, 27)),
    mrz: second.at(-1) === checkDigit(second.slice(0, 10) + second.slice(13, 20) + second.slice(21, -1)),
  };
  if (shape === "TD3") {
    const empty = second[42] === "<" && !rest.replaceAll("<", "");
    checks.mrz = checks.mrz && (empty || second[42] === checkDigit(rest));
  }
  return told(first, number, second.slice(10, 13), second.slice(13, 19), second[20], second.slice(21, 27), first.slice(5), checks, today);
}

function card([first, second, third], today) {
  const [number, digit] = longNumber(first.slice(5, 14), first[14], first.slice(15, 30));
  const checks = {
    document_number: digit === checkDigit(number),
    birth_date: second[6] === checkDigit(second.slice(0, 6)),
    expires_on: second[14] === checkDigit(second.slice(8, 14)),
    mrz: second[29] === checkDigit(first.slice(5, 30) + second.slice(0, 7) + second.slice(8, 15) + second.slice(18, 29)),
  };
  return told(first, number, second.slice(15, 18), second.slice(0, 6), second[7], second.slice(8, 14), third, checks, today);
}

// A number longer than nine has `<` for its digit and goes on in the optional data, the digit at its end.
function longNumber(number, digit, optional) {
  const rest = optional.split("<", 1)[0];
  if (digit !== "<" || rest.length < 2 || number.includes("<")) return [number, digit, optional];
  return [number + rest.slice(0, -1), rest.at(-1), optional.slice(rest.length)];
}

function told(first, number, nation, born, sex, expires, names, checks, today) {
  const [surname, ...given] = names.replace(/<+$/, "").split("<<");
  const plain = (text) => text.replaceAll("<", " ").trim().replace(/ +/g, " ");
  return {
    fields: {
      document_type: first.startsWith("P") ? "passport" : "",
      document_number: number.replace(/^<+|<+$/g, ""),
      name: `${plain(given.join("<<"))} ${plain(surname)}`.trim(),
      nationality: nation.replaceAll("<", ""),
      birth_date: day(born, (year) => (today.getFullYear() % 100 >= year ? 2000 : 1900)),
      sex: { F: "F", M: "M" }[sex] ?? "X",
      expires_on: day(expires, () => 2000),
    },
    checks,
  };
}

function day(text, century) {
  if (!/^\d{6}$/.test(text)) return "";
  const year = Number(text.slice(0, 2));
  return `${century(year) + year}-${text.slice(2, 4)}-${text.slice(4)}`;
}
