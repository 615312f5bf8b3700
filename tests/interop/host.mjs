/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What lines.mjs needs of the place where it runs: Node. browser/host.mjs is its like in a page. */

import { createHash } from 'node:crypto';
import readline from 'node:readline';

export const say = (event) => process.stdout.write(`${JSON.stringify(event)}\n`);

export const lines = () => readline.createInterface({ input: process.stdin });

export const bytes = (size) => Buffer.alloc(size);

export const digest = (data) => createHash('sha256').update(data).digest('hex');

export const end = () => process.exit(0);
