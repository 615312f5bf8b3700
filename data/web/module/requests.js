/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Signaling messages that have an answer. Part of wherry.js. */

import { WherryError } from './events.js';

const ANSWER_TIMEOUT_MS = 10_000; /* what came too fast is refused without saying which it was */

/** `send` sends one signaling message, or throws. */
export class Requests {
  #send;
  #tid = 0;
  #asks = new Map(); /* tid to what waits for its answer */

  constructor(send) {
    this.#send = send;
  }

  /** Sends a request and resolves when it is answered; rejects with the server's error. */
  ask(message) {
    this.#tid += 1;
    const tid = `ask-${this.#tid}`;
    return new Promise((resolve, reject) => {
      this.#send({ ...message, tid });
      const late = () => this.answer(tid, new WherryError('timeout', 'The server did not answer in time.'));
      this.#asks.set(tid, { timer: setTimeout(late, ANSWER_TIMEOUT_MS), resolve, reject });
    });
  }

  /** FALSE: nobody waits for it. */
  answer(tid, error = null) {
    const ask = this.#asks.get(tid);
    this.#asks.delete(tid);
    clearTimeout(ask?.timer);
    if (error)
      ask?.reject(error);
    else
      ask?.resolve();
    return ask !== undefined;
  }

  /** Nothing is answered any more. */
  end(error) {
    for (const tid of [...this.#asks.keys()])
      this.answer(tid, error);
  }
}
