/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Trying again in the background. Part of wherry.js. */

const LONGEST_MS = 300_000;

/** Calls `go` after `first` milliseconds, at the next `later()` after twice as long, and so on; sooner when the network changes. */
export class Retry {
  #first;
  #go;
  #delay = 0;
  #timer = null;
  #waiting = false;
  #onNetwork = () => {
    this.#delay = 0;
    if (this.#waiting)
      this.later();
  };

  constructor(first, go) {
    this.#first = first;
    this.#go = go;
    globalThis.addEventListener?.('online', this.#onNetwork);
    globalThis.navigator?.connection?.addEventListener?.('change', this.#onNetwork);
  }

  later() {
    const delay = Math.min(this.#delay || this.#first, LONGEST_MS);
    this.#delay = 2 * delay;
    this.within(delay, this.#go);
    this.#waiting = true;
  }

  /** Instead, once. */
  within(ms, func) {
    this.pause();
    this.#timer = setTimeout(func, ms);
  }

  pause() {
    clearTimeout(this.#timer);
    this.#waiting = false;
  }

  stop() {
    this.pause();
    globalThis.removeEventListener?.('online', this.#onNetwork);
    globalThis.navigator?.connection?.removeEventListener?.('change', this.#onNetwork);
  }
}
