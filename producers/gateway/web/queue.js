// What waits on this device, in IndexedDB: sealed rows, the device's own name and the next of its numbers. Nothing in plain.

const opened = new Promise((resolve, reject) => {
  const asked = indexedDB.open("lintas", 1);
  asked.onupgradeneeded = () => {
    asked.result.createObjectStore("queue", { keyPath: "sequence" });
    asked.result.createObjectStore("facts");
  };
  asked.onsuccess = () => resolve(asked.result);
  asked.onerror = () => reject(asked.error);
});

const result = (asked) =>
  new Promise((resolve, reject) => {
    asked.onsuccess = () => resolve(asked.result);
    asked.onerror = () => reject(asked.error);
  });

async function within(mode, stores, work) {
  // "strict": the disk has it when this resolves, whatever happens to the power afterwards
  const transaction = (await opened).transaction(stores, mode, { durability: "strict" });
  const done = new Promise((resolve, reject) => {
    transaction.oncomplete = resolve;
    transaction.onabort = transaction.onerror = () => reject(transaction.error);
  });
  const found = await work(...stores.map((name) => transaction.objectStore(name)));
  await done;
  return found;
}

export const fact = (name) => within("readonly", ["facts"], (facts) => result(facts.get(name)));
export const keepFact = (name, value) => within("readwrite", ["facts"], (facts) => result(facts.put(value, name)));
export const waiting = () => within("readonly", ["queue"], (queue) => result(queue.getAll()));
export const count = () => within("readonly", ["queue"], (queue) => result(queue.count()));
export const take = (sequence) => within("readwrite", ["queue"], (queue) => result(queue.delete(sequence)));

export async function device() {
  const known = await fact("device");
  if (known) return known;
  const name = `form-${crypto.randomUUID().slice(0, 8)}`;
  await keepFact("device", name);
  return name;
}

// The next number of this device: counted when a row is kept, so a number that is missing is a row that is missing.
export const nextNumber = async () => (await fact("next")) ?? 1;
export const keep = (sequence, sealed) =>
  within("readwrite", ["queue", "facts"], (queue, facts) =>
    Promise.all([result(queue.add({ sequence, sealed })), result(facts.put(sequence + 1, "next"))]));
