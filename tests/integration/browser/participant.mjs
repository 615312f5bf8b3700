/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A member of a room that is a program of its own and speaks ../../interop/participant.md. */

import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import readline from 'node:readline';

/** The bytes that participant.md asks for: `head`, then letters by position. */
export const payload = (head, size) => {
  const data = Buffer.alloc(size);
  for (let at = 0; at < size; at += 1)
    data[at] = 97 + (at % 26);
  data.write(head.slice(0, size), 'latin1');
  return data;
};

export const digest = (data) => createHash('sha256').update(data).digest('hex');

/** What every kind of participant has: its messages and notices so far, and a way to wait for more. */
export class Participant {
  messages = [];
  notices = [];
  failure = null;
  #waiting = new Set();

  constructor(kind, name) {
    this.kind = kind;
    this.name = name;
  }

  note(event) {
    if (event.event === 'message')
      this.messages.push(event);
    else if (event.event === 'notice')
      this.notices.push(event.data);
    else if (event.event === 'error')
      this.failure = new Error(`${this.name}: ${event.message}`);
    for (const check of [...this.#waiting])
      check();
  }

  /** Resolves as soon as `condition` holds, or with `signal` aborted; looks again at each event. */
  until(condition, what, timeoutMs = 20_000, signal = undefined) {
    return new Promise((resolve, reject) => {
      const done = (settle, value) => {
        clearTimeout(timer);
        this.#waiting.delete(check);
        settle(value);
      };
      const check = () => {
        if (this.failure)
          done(reject, this.failure);
        else if (signal?.aborted || condition())
          done(resolve);
      };
      const timer = setTimeout(() => done(reject, new Error(`${this.name}: ${what} did not happen within ${timeoutMs} ms`)), timeoutMs);
      this.#waiting.add(check);
      signal?.addEventListener('abort', check);
      check();
    });
  }
}

export class ProgramParticipant extends Participant {
  #child;

  static async start(kind, command, { url, room, name }) {
    const self = new ProgramParticipant(kind, name);
    let ready = null;
    self.#child = spawn(command[0], [...command.slice(1), '--server', url, '--room', room, '--name', name], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    readline.createInterface({ input: self.#child.stdout }).on('line', (line) => {
      const event = JSON.parse(line);
      if (event.event === 'ready')
        ready = event;
      self.note(event);
    });
    self.#child.once('error', (error) => self.note({ event: 'error', message: error.message }));
    self.#child.once('exit', (code) => {
      if (code !== 0)
        self.note({ event: 'error', message: `ended with ${code}` });
    });
    self.#child.stdin.on('error', () => {}); /* the exit status says it */
    await self.until(() => ready !== null, 'joining');
    self.id = ready.id;
    self.max = ready.max;
    return self;
  }

  async send({ kind, head, size }) {
    this.#child.stdin.write(`${JSON.stringify({ do: 'send', kind, head, size })}\n`);
  }

  async quit() {
    if (this.#child.exitCode !== null)
      return;
    const ended = new Promise((resolve) => { this.#child.once('exit', resolve); });
    this.#child.stdin.end('{"do":"quit"}\n');
    await ended;
  }

  kill() {
    this.#child?.kill('SIGKILL');
  }
}
