/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Files between the built-in page in Chromium and the command-line peer, both ways, as people do it: by a code. */

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import readline from 'node:readline';
import { after, before, test } from 'node:test';

import { launch, POLLING } from './browsers.mjs';
import { Daemon } from './daemon.mjs';

const SIZE = 3 * 1024 * 1024 + 4321;
const hash = (bytes) => createHash('sha256').update(bytes).digest('hex');

let daemon;
let browser;
let page;
let folder;

/* wherry COMMAND...: {code: exit code, words: standard error} once it has ended; event(name): the next JSON line of that kind */
const wherry = (...args) => {
  const child = spawn(process.env.WHERRY, [...args, '--json', '--server', daemon.url, '--bind-address', '127.0.0.1'], { stdio: ['pipe', 'pipe', 'pipe'] });
  const lines = readline.createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  let words = '';
  child.stderr.on('data', (text) => { words += text; });
  const ended = new Promise((resolve) => { child.once('close', (code) => resolve({ code, words })); });
  const event = async (name) => {
    for (;;) {
      const { value, done } = await lines.next();
      if (done)
        throw new Error(`ended before ${name}: ${words}`);
      const found = JSON.parse(value);
      if (found.event === name)
        return found;
    }
  };
  return { child, ended, event };
};

const state = () => page.$eval('#files-state', (element) => element.textContent);
const until = (text) => page.waitForFunction((part) => document.getElementById('files-state').textContent.includes(part), POLLING, text);

/* [{path, hash}] of what the page offers to save */
const saved = () => page.$$eval('#files-list a', (links) => Promise.all(links.map(async (link) => {
  const bytes = await (await fetch(link.href)).arrayBuffer();
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  return { path: link.textContent, hash: Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('') };
})));

const receive = async (code) => {
  await page.$eval('#files-code', (input, text) => { input.value = text; }, code);
  await page.click('#files-button');
};

before(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'wherry-page-files-'));
  daemon = await Daemon.start();
  browser = await launch('chromium');
  page = await browser.newPage();
  /* a document's own fetch of what it offers is not what its policy is for */
  await page.setBypassCSP(true);
  await page.goto(daemon.url);
});

after(async () => {
  await browser?.close();
  await daemon?.stop();
  await rm(folder, { recursive: true, force: true });
});

test('a file and an empty one from the page to wherry receive', async () => {
  const bytes = randomBytes(SIZE);
  const to = path.join(folder, 'to');
  await mkdir(to);
  await writeFile(path.join(folder, 'big.bin'), bytes);
  await writeFile(path.join(folder, 'empty'), '');
  const input = await page.$('#files-chosen');
  await input.uploadFile(path.join(folder, 'big.bin'), path.join(folder, 'empty'));
  await until('Waiting for it');
  const code = await page.$eval('#files-secret', (element) => element.textContent);
  if (process.env.WHERRY_SHOTS)
    await page.screenshot({ path: path.join(process.env.WHERRY_SHOTS, 'files-sending.png'), fullPage: true });
  const { code: exit, words } = await wherry('receive', to, '--code', code).ended;
  assert.equal(exit, 0, words);
  await until('Every file has arrived');
  assert.equal(hash(await readFile(path.join(to, 'big.bin'))), hash(bytes));
  assert.equal((await readFile(path.join(to, 'empty'))).length, 0);
});

test('a folder from wherry send to the page', async () => {
  const from = path.join(folder, 'from');
  const expected = [];
  await mkdir(path.join(from, 'deep', 'er'), { recursive: true });
  for (let i = 0; i < 20; i += 1) {
    const bytes = randomBytes(i * i * 500);
    const name = i % 2 === 0 ? `deep/er/ä ${i}` : `${i}`;
    await writeFile(path.join(from, name), bytes);
    expected.push({ path: `from/${name}`, hash: hash(bytes) });
  }
  const sender = wherry('send', from);
  const { code } = await sender.event('code');
  await receive(code.toUpperCase().replaceAll('-', ' '));
  const { code: exit, words } = await sender.ended;
  assert.equal(exit, 0, words);
  await until('Everything has arrived');
  const sorted = (list) => list.sort((a, b) => (a.path < b.path ? -1 : 1));
  assert.deepEqual(sorted(await saved()), sorted(expected));
  if (process.env.WHERRY_SHOTS)
    await page.screenshot({ path: path.join(process.env.WHERRY_SHOTS, 'files-received.png'), fullPage: true });
});

test('the page goes on where a sender was killed', async () => {
  const bytes = randomBytes(SIZE);
  const file = path.join(folder, 'again.bin');
  await writeFile(file, bytes);
  const first = wherry('send', file);
  const { code } = await first.event('code');
  await receive(code);
  await page.waitForFunction(() => document.getElementById('files-progress').value > 100000, { polling: 5 });
  first.child.kill('SIGKILL');
  await first.ended;
  const second = wherry('send', file, '--code', code);
  const { code: exit, words } = await second.ended;
  assert.equal(exit, 0, words);
  await until('Everything has arrived');
  assert.deepEqual(await saved(), [{ path: 'again.bin', hash: hash(bytes) }]);
});

test('a code that is none is said in words', async () => {
  await receive('acidd-acorn-knight-knock-zipper-zodiac-bone');
  assert.match(await state(), /“acidd” is no word of a code; is it “acid”\?/);
});
