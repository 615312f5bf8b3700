/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The result that is in the tree, for who has none of the stacks: the documentation is made of it, and each run is held against it. */

import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';

import { ROWS } from './rows.mjs';

const FILE = new URL('../../../data/docs/reference/interop.json', import.meta.url);
const HOW = 'it is made by: matrix.mjs STACK --write';
const TITLES = Object.fromEntries(ROWS.map(({ id, title }) => [id, title]));

export class Recorded {
  #all;

  constructor(all) {
    this.#all = all;
  }

  static async read() {
    return new this(JSON.parse(await readFile(FILE, 'utf8').catch(() => '{}')));
  }

  /** `seen`: for each row, 'yes' or { limit, third }. */
  async write(stack, { version, wherry }, seen) {
    const stacks = { ...this.#all.stacks, [stack]: { version, date: new Date().toISOString().slice(0, 10), cells: seen } };
    const sorted = Object.fromEntries(Object.entries(stacks).sort(([one], [other]) => one.localeCompare(other)));
    await writeFile(FILE, `${JSON.stringify({ wherry, rows: TITLES, stacks: sorted }, null, 2)}\n`);
  }

  compare(stack, seen) {
    assert.deepEqual(this.#all.rows, TITLES, `other rows than in ${FILE.pathname}: ${HOW}`);
    assert.deepEqual(seen, this.#all.stacks[stack]?.cells, `not what ${FILE.pathname} says: ${HOW}`);
  }
}
