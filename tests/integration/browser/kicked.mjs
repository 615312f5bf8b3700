/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Who is sent away stays away: the relay ends the connection and says why on the WebSocket, and a browser may hear the
 * first before the second.
 */

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import readline from 'node:readline';
import { after, before, test } from 'node:test';

import { POLLING, PageParticipant, launch } from './browsers.mjs';

const ROOM = 'strict';
const ROUNDS = 3;

const browsers = new Map();
let relay;
let url;

before(async () => {
  relay = spawn('/usr/bin/python3', [process.env.WHERRY_KICKER], { stdio: ['pipe', 'pipe', 'inherit'] });
  url = await new Promise((resolve, reject) => {
    readline.createInterface({ input: relay.stdout }).once('line', resolve);
    relay.once('exit', (code) => reject(new Error(`the relay ended with ${code}`)));
  });
  for (const kind of ['chromium', 'firefox'])
    browsers.set(kind, await launch(kind));
}, { timeout: 120_000 });

after(async () => {
  for (const browser of browsers.values())
    await browser.close();
  relay?.kill('SIGKILL');
}, { timeout: 60_000 });

/* Runs in the page. */
const watch = () => {
  window.statesOfRoom = [];
  window.wherry.room.addEventListener('state', ({ state, error }) => window.statesOfRoom.push([state, error?.code ?? null]));
};

for (const kind of ['chromium', 'firefox']) {
  test(`${kind}: kicked, it does not come back`, { timeout: 120_000 }, async (t) => {
    const orders = new Set();
    for (let round = 1; round <= ROUNDS; round += 1) {
      const member = await PageParticipant.start(kind, browsers.get(kind), { url, room: ROOM, name: `${kind}${round}` });
      await member.page.evaluate(watch);
      relay.stdin.write(`${ROOM} ${member.id}\n`);
      await member.page.waitForFunction(() => window.statesOfRoom.some(([state, code]) => state !== 'reconnecting' || code === null), { ...POLLING, timeout: 20_000 });
      const states = await member.page.evaluate(() => window.statesOfRoom);
      assert.deepEqual(states.at(-1), ['failed', 'kicked'], `round ${round}: ${JSON.stringify(states)}`);
      orders.add(states.length > 1 ? 'the end first' : 'the reason first');
      member.kill();
      await member.page.close();
    }
    t.diagnostic(`${kind} heard: ${[...orders].join(', ')}`);
  });
}

test('the relay ends well', { timeout: 30_000 }, async () => {
  const ended = new Promise((resolve) => { relay.once('exit', resolve); });
  relay.stdin.end();
  assert.equal(await ended, 0);
});
