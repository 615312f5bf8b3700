/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The errors and events of wherry.js. */

/* Shared by the classes of this module and invisible outside it. */
export const EMIT = Symbol('emit');
export const HOLD = Symbol('hold');
export const ADOPT = Symbol('adopt');
export const ATTACH = Symbol('attach');
export const ATTACHED = Symbol('attached');
export const DETACH = Symbol('detach');
export const INTERRUPT = Symbol('interrupt');

const HELD_EVENTS = 1024;
const HELD_BYTES = 1024 * 1024;

/** What went wrong: `code` is for programs, `message` for people. */
export class WherryError extends Error {
  constructor(code, message, options) {
    super(message, options);
    this.name = 'WherryError';
    this.code = code;
  }
}

/** An event whose fields (`data`, `channel`, `member`, ...) depend on its type. */
export class WherryEvent extends Event {
  constructor(type, fields = {}) {
    super(type);
    Object.assign(this, fields);
  }
}

/* Why the relay ended a membership, for people. */
export const LEFT_WORDS = {
  failed: 'The connection to the relay was lost.',
  slow: 'This member read too slowly, so the relay let it go.',
  kicked: 'This member was removed from the room.',
  banned: 'This member may not enter the room.',
  timeout: 'The connection was not made in time.',
  expired: 'The permission to be in the room has expired.',
  replaced: 'The same member joined again from somewhere else.',
  shutdown: 'The relay is shutting down.',
};

/** A signaling message; null: it is none. */
export const parseMessage = (text) => {
  try {
    const message = JSON.parse(text);
    return typeof message?.type === 'string' ? message : null;
  } catch {
    return null;
  }
};

export const byteSize = (data) => {
  if (typeof data === 'string')
    return new TextEncoder().encode(data).byteLength;
  if (data instanceof ArrayBuffer || ArrayBuffer.isView(data))
    return data.byteLength;
  if (typeof Blob !== 'undefined' && data instanceof Blob)
    return data.size;
  throw new TypeError('a message is a string, an ArrayBuffer, a view of one, or a Blob');
};

/* An EventTarget that keeps events of some types for their first listener, so that nothing which
 * comes between an await and addEventListener() is lost. */
export class Target extends EventTarget {
  #held = new Map();
  #heldBytes = 0;

  /** How many events were dropped because nobody had listened for them for too long. */
  unheard = 0;

  [HOLD](...types) {
    for (const type of types)
      this.#held.set(type, []);
  }

  addEventListener(type, listener, options) {
    super.addEventListener(type, listener, options);
    if (this.#held.has(type))
      queueMicrotask(() => this.#release(type));
  }

  [EMIT](type, fields) {
    const event = new WherryEvent(type, fields);
    const held = this.#held.get(type);
    if (held === undefined) {
      this.dispatchEvent(event);
      return;
    }
    const size = event.data?.byteLength ?? event.data?.length ?? 0;
    if (held.length >= HELD_EVENTS || this.#heldBytes + size > HELD_BYTES) {
      this.unheard += 1;
      return;
    }
    this.#heldBytes += size;
    held.push(event);
  }

  #release(type) {
    const held = this.#held.get(type) ?? [];
    this.#held.delete(type);
    for (const event of held)
      this.dispatchEvent(event);
  }
}
