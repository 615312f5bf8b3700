/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* People on the built-in page in Chromium talk with `wherry join` in a terminal, and see each other come and go. */

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import readline from 'node:readline';
import { after, before, test } from 'node:test';

import { launch, POLLING } from './browsers.mjs';
import { Daemon } from './daemon.mjs';

let daemon;
let browser;

before(async () => {
  daemon = await Daemon.start();
  browser = await launch('chromium');
});

after(async () => {
  await browser?.close();
  await daemon?.stop();
});

test('the page and wherry join talk with each other', async () => {
  const page = await browser.newPage();
  await page.goto(`${daemon.url}#lounge`);
  await page.type('#name', 'Grace');
  await page.click('#join-button');
  await page.waitForFunction(() => window.wherry.room?.state === 'connected', POLLING);

  const child = spawn(process.env.WHERRY, ['join', 'lounge', '--name', 'Ada', '--json', '--server', daemon.url, '--bind-address', '127.0.0.1'],
    { stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = new Promise((resolve) => { child.once('close', resolve); });
  const lines = readline.createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const event = async (name) => {
    for (;;) {
      const { value, done } = await lines.next();
      assert.ok(!done, `ended before ${name}`);
      const found = JSON.parse(value);
      if (found.event === name)
        return found;
    }
  };

  await event('joined');
  await page.waitForFunction(() => document.getElementById('people').textContent.includes('Ada'), POLLING);
  child.stdin.write('{"text":"Is the relay up <again>?"}\n');
  await page.waitForFunction(() => document.getElementById('log').textContent.includes('Is the relay up <again>?'), POLLING);
  assert.match(await page.$eval('#log', (log) => log.textContent), /Ada/);

  await page.type('#text', 'Since seven.');
  await page.click('#send');
  const heard = await event('message');
  assert.deepEqual([heard.name, heard.text, heard.topic], ['Grace', 'Since seven.', 'chat']);

  child.stdin.end();
  assert.equal(await ended, 0);
  await page.waitForFunction(() => document.getElementById('log').textContent.includes('Ada left.'), POLLING);
});
