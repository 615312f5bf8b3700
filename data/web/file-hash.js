/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * SHA-256 (FIPS 180-4) of bytes that come in pieces: WebCrypto hashes only what is there whole, and a file is not.
 */

const primes = (n) => {
  const found = [];
  for (let p = 2; found.length < n; p++) {
    if (found.every((q) => p % q !== 0))
      found.push(p);
  }
  return found;
};

/* the first 32 bits of the fraction of each root */
const fraction = (x) => Math.floor((x - Math.floor(x)) * 2 ** 32) | 0;
const K = Int32Array.from(primes(64), (p) => fraction(Math.cbrt(p)));
const START = Int32Array.from(primes(8), (p) => fraction(Math.sqrt(p)));
const rotate = (x, n) => (x >>> n) | (x << (32 - n));

export class Sha256 {
  #state = START.slice();
  #block = new Uint8Array(64);
  #filled = 0;
  #length = 0;
  #words = new Int32Array(64);

  /** @param {Uint8Array} bytes */
  update(bytes) {
    this.#length += bytes.length;
    let at = 0;
    if (this.#filled > 0) {
      at = Math.min(64 - this.#filled, bytes.length);
      this.#block.set(bytes.subarray(0, at), this.#filled);
      this.#filled += at;
      if (this.#filled < 64)
        return this;
      this.#take(this.#block, 0);
      this.#filled = 0;
    }
    for (; at + 64 <= bytes.length; at += 64)
      this.#take(bytes, at);
    this.#block.set(bytes.subarray(at));
    this.#filled = bytes.length - at;
    return this;
  }

  copy() {
    const copy = new Sha256();
    copy.#state = this.#state.slice();
    copy.#block = this.#block.slice();
    copy.#filled = this.#filled;
    copy.#length = this.#length;
    return copy;
  }

  /** The hash of what came so far; more may follow. */
  digest() {
    const last = this.copy();
    const padding = new Uint8Array((this.#filled < 56 ? 64 : 128) - this.#filled);
    padding[0] = 0x80;
    new DataView(padding.buffer).setBigUint64(padding.length - 8, BigInt(this.#length) * 8n);
    last.update(padding);
    const hash = new Uint8Array(32);
    const view = new DataView(hash.buffer);
    last.#state.forEach((word, i) => view.setInt32(4 * i, word));
    return hash;
  }

  #take(bytes, at) {
    const w = this.#words;
    for (let i = 0; i < 16; i++, at += 4)
      w[i] = (bytes[at] << 24) | (bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3];
    for (let i = 16; i < 64; i++) {
      const s0 = rotate(w[i - 15], 7) ^ rotate(w[i - 15], 18) ^ (w[i - 15] >>> 3);
      const s1 = rotate(w[i - 2], 17) ^ rotate(w[i - 2], 19) ^ (w[i - 2] >>> 10);
      w[i] = (((w[i - 16] + s0) | 0) + ((w[i - 7] + s1) | 0)) | 0;
    }
    let [a, b, c, d, e, f, g, h] = this.#state;
    for (let i = 0; i < 64; i++) {
      const sum = (h + (rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25))) | 0;
      const t1 = (((sum + ((e & f) ^ (~e & g))) | 0) + ((K[i] + w[i]) | 0)) | 0;
      const t2 = ((rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)) + ((a & b) ^ (a & c) ^ (b & c))) | 0;
      h = g;
      g = f;
      f = e;
      e = (d + t1) | 0;
      d = c;
      c = b;
      b = a;
      a = (t1 + t2) | 0;
    }
    [a, b, c, d, e, f, g, h].forEach((word, i) => { this.#state[i] += word; });
  }
}
