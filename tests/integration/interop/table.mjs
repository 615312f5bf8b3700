/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What was seen, a row for each member: `ok`, or the letter of a limit that is told below. */

export class Table {
  #columns;
  #rows = new Map();
  #limits = [];

  constructor(columns) {
    this.#columns = columns;
  }

  /* What is told of a key without a row is left out. */
  row(key, title) {
    this.#rows.set(key, { title, cells: new Map() });
  }

  #set(key, column, text) {
    if (!this.#columns.includes(column))
      throw new Error(`no column ${column}`);
    this.#rows.get(key)?.cells.set(column, text);
  }

  ok(key, column) {
    this.#set(key, column, 'ok');
  }

  limit(key, column, reason) {
    if (!this.#limits.includes(reason))
      this.#limits.push(reason);
    this.#set(key, column, String.fromCharCode(97 + this.#limits.indexOf(reason)));
  }

  /** Cells that nothing was seen for: `member: column`. */
  missing() {
    return [...this.#rows.values()].flatMap(({ title, cells }) => this.#columns
      .filter((column) => !cells.has(column)).map((column) => `${title}: ${column}`));
  }

  lines() {
    const rows = [...this.#rows.values()];
    const width = Math.max(...rows.map(({ title }) => title.length));
    const line = (title, cells) => `${title.padEnd(width)}  ${cells.map((cell, at) => cell.padEnd(this.#columns[at].length)).join('  ')}`;
    return [
      line('', this.#columns),
      ...rows.map(({ title, cells }) => line(title, this.#columns.map((column) => cells.get(column) ?? '-'))),
      ...this.#limits.map((reason, at) => `${String.fromCharCode(97 + at)}: ${reason}`),
    ];
  }
}
