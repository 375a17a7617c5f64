// Seals a row for the gateway: whoever takes this device away, and the device itself, cannot open what waits on it.
// ECDH on P-256 with a key made for this row alone, HKDF-SHA256, AES-256-GCM; producers/gateway/sealing.py opens it.

const CURVE = { name: "ECDH", namedCurve: "P-256" };
const INFO = new TextEncoder().encode("lintas form row v1");

export async function seal(row, publicKey) {
  const subtle = crypto.subtle;
  const gateway = await subtle.importKey("raw", bytes(publicKey), CURVE, false, []);
  const pair = await subtle.generateKey(CURVE, false, ["deriveBits"]);
  const shared = await subtle.deriveBits({ name: "ECDH", public: gateway }, pair.privateKey, 256);
  const base = await subtle.importKey("raw", shared, "HKDF", false, ["deriveKey"]);
  const derived = { name: "HKDF", hash: "SHA-256", salt: new Uint8Array(), info: INFO };
  const key = await subtle.deriveKey(derived, base, { name: "AES-GCM", length: 256 }, false, ["encrypt"]);
  const own = new Uint8Array(await subtle.exportKey("raw", pair.publicKey));
  const iv = crypto.getRandomValues(new Uint8Array(12));
  const plain = new TextEncoder().encode(JSON.stringify(row));
  const closed = await subtle.encrypt({ name: "AES-GCM", iv, additionalData: own }, key, plain);
  return { sender: text(own), iv: text(iv), box: text(new Uint8Array(closed)) };
}

const bytes = (base64) => Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
const text = (array) => btoa(Array.from(array, (b) => String.fromCharCode(b)).join(""));
