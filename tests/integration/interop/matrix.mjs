/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The public API against one other stack: matrix.mjs STACK. Each row of rows.mjs works, or is a limit of limits.mjs, which is then
 * shown, with Wherry and without. What is seen has to be what recorded.json says, which the documentation is made of;
 * with `--write` it becomes that.
 */

import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import { LIMITS, limitOf } from './limits.mjs';
import { connect, quitAll, release } from './pair.mjs';
import { Recorded } from './recorded.mjs';
import { ROWS } from './rows.mjs';
import { STACKS } from './stacks.mjs';

const [stack, option] = process.argv.slice(2);
const cells = {};
const lasting = {}; /* the connections that the rows go over, by who offered */
let versions;

assert(STACKS[stack], `there is no ${stack}`);
after(quitAll);

for (const row of ROWS) {
  if (limitOf(stack, row.id))
    continue;
  test(row.title, { timeout: 120_000 }, async () => {
    if (row.connect) {
      const sides = await row.connect(stack);
      versions = { version: sides.it.ready.version, wherry: sides.us.ready.version };
      if (row.keep)
        lasting[row.keep] = sides;
      else
        await release(sides.it, sides.us);
    } else {
      assert(lasting.it && lasting.other, 'there is no connection');
      await Promise.all(Object.entries(lasting).filter(([offers]) => row.over?.includes(offers) ?? true).map(([offers, sides]) => row.run(sides, offers)));
    }
    cells[row.id] = 'yes';
  });
}

test('the connections end', { timeout: 60_000 }, quitAll);

for (const limit of LIMITS.filter((each) => each.stack === stack)) {
  for (const other of ['wherry', limit.third]) {
    test(`with ${other}: ${limit.reason}`, { timeout: 120_000 }, async () => {
      await limit.show(await connect(stack, other, limit.connection));
      await quitAll();
      for (const row of limit.rows)
        cells[row] = { ...cells[row], [other]: limit.reason };
    });
  }
}

test('the matrix is as recorded', async (t) => {
  const width = Math.max(...ROWS.map(({ title }) => title.length));
  const seen = Object.fromEntries(ROWS.map(({ id }) => {
    const cell = cells[id];
    const third = limitOf(stack, id)?.third;
    return [id, cell === 'yes' ? cell : cell?.wherry && cell[third] ? { limit: cell[third], third } : 'FAILED'];
  }));
  for (const { id, title } of ROWS)
    t.diagnostic(`${stack}: ${title.padEnd(width)}  ${seen[id].limit ?? seen[id]}`);
  assert.deepEqual(ROWS.map(({ id }) => id).filter((id) => seen[id] === 'FAILED'), []);
  const recorded = await Recorded.read();
  if (option === '--write')
    await recorded.write(stack, versions, seen);
  else
    recorded.compare(stack, seen);
});
