/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A participant that is a real browser, as ../participant.md describes it: direct.mjs chromium|firefox [PREFS]. It serves a
 * page of its own to a headless browser and carries lines between that page and its standard input and output. PREFS: a JSON
 * object of settings for Firefox.
 */

import { spawn } from 'node:child_process';
import { mkdtemp, readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import readline from 'node:readline';
import { fileURLToPath } from 'node:url';
import { WebSocketServer } from 'ws';

import { executable, launch } from '../../integration/browser/browsers.mjs';

const [kind, prefs = '{}'] = process.argv.slice(2);
const MODULES = { '/page.mjs': 'page.mjs', '/host.mjs': 'host.mjs', '/lines.mjs': '../lines.mjs', '/w3c.mjs': '../w3c.mjs' };
const PAGE = '<!DOCTYPE html><meta charset="utf-8"><title>participant</title><link rel="icon" href="data:,"><script type="module" src="/page.mjs"></script>';

const serve = async ({ url }, response) => {
  const path = MODULES[url];
  response.setHeader('Content-Type', path ? 'text/javascript' : 'text/html');
  response.end(path ? await readFile(new URL(path, import.meta.url)) : PAGE);
};

/* Removes the profile after this program and its browser, however they end: a test kills it to see its peer vanish. */
const profile = async () => {
  const directory = await mkdtemp(join(tmpdir(), 'wherry-participant-'));
  const script = 'read -r _; sleep 1; rm -rf "$1"';
  const sweeper = spawn('/bin/sh', ['-c', script, 'sweeper', directory], { stdio: ['pipe', 'ignore', 'ignore'], detached: true });
  sweeper.unref();
  sweeper.stdin.unref();
  return directory;
};

const fail = (message) => {
  process.stdout.write(`${JSON.stringify({ event: 'error', message })}\n`, () => process.exit(1));
};

const server = createServer(serve);
await new Promise((resolve) => { server.listen(0, '127.0.0.1', resolve); });
const input = readline.createInterface({ input: process.stdin });
const early = [];
input.on('line', (line) => early.push(line));

const browser = await launch(kind, {
  prefs: JSON.parse(prefs),
  userDataDir: await profile(),
  executablePath: fileURLToPath(new URL('mortal.sh', import.meta.url)),
  env: { ...process.env, MORTAL: executable(kind) },
});

new WebSocketServer({ server, maxPayload: 1 << 26 }).on('connection', (socket) => {
  const order = (line) => socket.send(line);
  input.removeAllListeners('line').on('line', order);
  early.splice(0).forEach(order);
  input.once('close', () => order('{"do":"quit"}'));
  if (input.closed)
    order('{"do":"quit"}');
  socket.on('message', (line) => process.stdout.write(`${line}\n`));
  socket.on('close', async () => {
    await browser.close();
    process.exit(0);
  });
});

const page = await browser.newPage();
page.on('pageerror', (error) => fail(error.message));
await page.goto(`http://127.0.0.1:${server.address().port}/#${encodeURIComponent(`${kind} ${await browser.version()}`)}`);
