/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Firefox offers I-DATA (RFC 8260), and sends large messages on several channels piece by piece in turn; Chromium does
 * not. Through the relay and back, nothing of either is lost, cut or stuck. */

import assert from 'node:assert/strict';
import fs from 'node:fs';
import { after, before, test } from 'node:test';

import { launch } from './browsers.mjs';
import { Daemon } from './daemon.mjs';

const MEMBER = fs.readFileSync(new URL('./member.js', import.meta.url), 'utf8');
const CHANNELS = 8;
const EACH = 3;
const LENGTH = 200_000;

let daemon;

before(async () => { daemon = await Daemon.start(); }, { timeout: 120_000 });
after(() => daemon?.kill('SIGKILL'), { timeout: 60_000 });

for (const kind of ['firefox', 'chromium'])
  test(`${kind}: large messages on ${CHANNELS} channels at once, a small one among them`, { timeout: 120_000 }, async () => {
    const browser = await launch(kind);
    try {
      const page = await browser.newPage();
      await page.goto(`${daemon.url}healthz`);
      await page.evaluate(MEMBER);
      const seen = await page.evaluate(async (room, n, each, length) => {
        const labels = [...Array(n).keys()].map((at) => `bulk-${at}`);
        const ann = await Member.join(room, {}, { quick: {}, ...Object.fromEntries(labels.map((label) => [label, {}])) });
        const bob = await Member.join(room);
        for (const label of [...labels, 'quick'])
          await bob.mirror(label);
        for (let at = 0; at < each; at++)
          for (const label of labels)
            ann.own[label].send(new Uint8Array(length).fill(at + 1));
        ann.own.quick.send('quick');
        await bob.until(() => bob.heard.length === n * each + 1, 'all messages');
        const whole = labels.every((label) => {
          const of = bob.heard.filter(({ channel }) => channel.label === label).map(({ data }) => new Uint8Array(data));
          return of.length === each && of.every((data, at) => data.length === length && data.every((byte) => byte === at + 1));
        });
        const quick = bob.heard.findIndex(({ data }) => data === 'quick');
        await ann.leave();
        await bob.leave();
        return { whole, quick };
      }, `interleave-${kind}`, CHANNELS, EACH, LENGTH);
      assert.ok(seen.whole, 'each message whole and in its channel\'s order');
      console.log(`# ${kind}: the small one, sent last, came as number ${seen.quick + 1} of ${CHANNELS * EACH + 1}`);
    } finally {
      await browser.close();
    }
  });
