/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Starts wherryd on a port of its own choosing and ends it, with everything that was started beside it. */

import { spawn } from 'node:child_process';
import readline from 'node:readline';

/* Resolves with the first line that `pick` makes something of; rejects when the program ends without one. */
const firstLine = (child, pick, what) => new Promise((resolve, reject) => {
  readline.createInterface({ input: child.stdout }).on('line', (line) => {
    const found = pick(line);
    if (found)
      resolve(found);
  });
  child.once('error', reject);
  child.once('exit', (code, signal) => reject(new Error(`${what} ended early: ${code ?? signal}`)));
});

const ended = (child) => (child.exitCode !== null || child.signalCode !== null
  ? Promise.resolve(child.exitCode)
  : new Promise((resolve) => { child.once('exit', (code, signal) => resolve(code ?? signal)); }));

export class Daemon {
  #child;

  static async start(...options) {
    const self = new Daemon();
    const command = process.env.WHERRYD.split(' ');
    self.#child = spawn(command[0], [...command.slice(1), '--listen', '127.0.0.1:0', '--bind-address', '127.0.0.1', ...options], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    self.url = await firstLine(self.#child, (line) => line.match(/listening on (http:\S+)/)?.[1], 'wherryd');
    return self;
  }

  kill(signal) {
    this.#child.kill(signal);
  }

  /** Ends it as a service manager would; resolves with its exit status. */
  async stop() {
    this.#child.kill('SIGTERM');
    return ended(this.#child);
  }
}
