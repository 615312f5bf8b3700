/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether the other end of a socket still answers. Part of wherry.js. */

import { WherryError } from './events.js';

/* For an answer: TCP sends again ever more rarely while nothing passes. */
export const PATIENT_MS = 10_000;
/** Where to give up costs nothing. */
export const IMPATIENT_MS = 3_000;

/**
 * `send` sends one signaling message or throws; `deaf` is called each time that a ping has brought no sign of life, and when the
 * network has changed and none can be sent.
 */
export class Pings {
  #send;
  #deaf;
  #tid = 0;
  #waiting = new Map();
  #timer = null; /* runs while a sign of life is due */
  #again = 0; /* ms: another ping follows as soon as this one brought one */
  #heard = true;
  #onNetwork = () => { this.#probe(); };

  constructor(send, deaf) {
    this.#send = send;
    this.#deaf = deaf;
    /* a connection over UDP may live on in the new network where TCP's does not */
    globalThis.addEventListener?.('online', this.#onNetwork);
    globalThis.navigator?.connection?.addEventListener?.('change', this.#onNetwork);
  }

  /** Resolves with how many milliseconds the answer took. */
  ping() {
    this.#tid += 1;
    const tid = `ping-${this.#tid}`;
    return new Promise((resolve, reject) => {
      this.#send({ type: 'ping', tid });
      this.#waiting.set(tid, { start: performance.now(), resolve, reject });
      if (this.#timer === null)
        this.#await(PATIENT_MS);
    });
  }

  #probe() {
    try {
      this.#send({ type: 'ping' });
      if (this.#timer === null)
        this.#await(PATIENT_MS);
    } catch {
      this.#deaf();
    }
  }

  answered(tid) {
    const ping = this.#waiting.get(tid);
    this.#waiting.delete(tid);
    ping?.resolve(performance.now() - ping.start);
  }

  /** Something has come by the socket. */
  heard() {
    this.#heard = true;
    if (this.#again === 0)
      this.#stop();
  }

  /** Whether to ping every `ms` milliseconds, which has to bring a sign of life within them. */
  watch(yes, ms) {
    if (yes === (this.#again !== 0))
      return;
    this.#again = yes ? ms : 0;
    this.#stop();
    if (yes) {
      this.#await(ms);
      this.ping().catch(() => {});
    } else if (!this.#heard) {
      this.#await(PATIENT_MS); /* the answer may still be on its way */
    }
  }

  #await(ms) {
    this.#heard = false;
    this.#timer = setTimeout(() => this.#due(), ms);
  }

  #stop() {
    clearTimeout(this.#timer);
    this.#timer = null;
  }

  #due() {
    const ms = this.#again;
    const deaf = !this.#heard;
    this.#timer = null;
    this.#again = 0;
    if (deaf) {
      this.#rejectAll(new WherryError('timeout', 'The server did not answer in time.'));
      this.#deaf();
    } else {
      this.watch(true, ms);
    }
  }

  #rejectAll(error) {
    for (const ping of this.#waiting.values())
      ping.reject(error);
    this.#waiting.clear();
  }

  /** Nothing is answered any more. */
  end(error) {
    this.#stop();
    this.#again = 0;
    this.#rejectAll(error);
    globalThis.removeEventListener?.('online', this.#onNetwork);
    globalThis.navigator?.connection?.removeEventListener?.('change', this.#onNetwork);
  }
}
