/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The smallest client: a page that sends {"type":"call"}, answers the offer, opens the channel that the offer promised
 * (label cat-noises, id 0, nothing negotiated in band) and has its 12 bytes echoed. No STUN, no TURN: gathering then
 * ends at once, which once lost the race against the handlers. 20 times, or 200 with --full.
 */

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';

import { launch } from './browsers.mjs';
import { Daemon } from './daemon.mjs';

const ROUNDS = process.argv.includes('--full') ? 200 : 20;
const ROUND_MS = 15_000;

/* What runs in the page, without wherry.js: ten lines between the two comments. */
const call = (sent, timeout) => new Promise((resolve, reject) => {
  setTimeout(() => reject(new Error(`no echo: ${pc.iceConnectionState}, ${pc.connectionState}, channel ${channel.readyState}`)), timeout);
  /* the client */
  const socket = new WebSocket(`ws://${location.host}/connect`);
  const pc = new RTCPeerConnection();
  const channel = pc.createDataChannel('cat-noises', { negotiated: true, id: 0 });
  const say = (message) => socket.send(JSON.stringify(message));
  const answer = async (sdp) => { await pc.setRemoteDescription({ type: 'offer', sdp }); await pc.setLocalDescription(); say(pc.localDescription); };
  socket.onopen = () => say({ type: 'call' });
  socket.onmessage = ({ data }) => { const m = JSON.parse(data); if (m.type === 'offer') answer(m.sdp); if (m.candidate) pc.addIceCandidate(m); };
  pc.onicecandidate = ({ candidate }) => candidate && say({ type: 'candidate', ...candidate.toJSON() });
  channel.onopen = () => channel.send(sent);
  channel.onmessage = ({ data }) => { resolve(data); pc.close(); socket.close(); };
  /* its end */
});

const browsers = new Map();
let daemon;

before(async () => {
  daemon = await Daemon.start();
  for (const kind of ['chromium', 'firefox'])
    browsers.set(kind, await launch(kind));
}, { timeout: 120_000 });

after(async () => {
  for (const browser of browsers.values())
    await browser.close();
  daemon?.kill('SIGKILL');
}, { timeout: 60_000 });

/* Firefox takes longer for each and shows nothing new after a few. */
for (const [kind, rounds] of [['chromium', ROUNDS], ['firefox', Math.ceil(ROUNDS / 10)]]) {
  test(`${kind}: the call is echoed ${rounds} times in a row`, { timeout: rounds * ROUND_MS }, async () => {
    const page = await browsers.get(kind).newPage();
    await page.goto(`${daemon.url}healthz`); /* same origin, and nothing of ours in it */
    for (let round = 1; round <= rounds; round += 1) {
      const sent = `meow ${String(round).padStart(7, '0')}`;
      assert.equal(sent.length, 12);
      const echoed = await page.evaluate(call, sent, ROUND_MS)
        .catch((error) => { throw new Error(`round ${round}: ${error.message}`); });
      assert.equal(echoed, sent, `round ${round}`);
    }
  });
}

test("README's ten lines do what they say", { timeout: 60_000 }, async () => {
  const readme = await readFile(new URL('../../../README.md', import.meta.url), 'utf8');
  const code = readme.match(/```js\n([^]*?)```/)[1];
  assert.equal(code.trimEnd().split('\n').length, 10);
  const page = await browsers.get('chromium').newPage();
  const said = new Promise((resolve) => page.on('console', (message) => resolve(message.text())));
  await page.goto(`${daemon.url}healthz`);
  await page.evaluate(code.replace('ws://127.0.0.1:8888', `ws://${new URL(daemon.url).host}`));
  assert.equal(await said, 'echoed: meow meow me');
});

test('the server ends well', { timeout: 30_000 }, async () => {
  assert.equal(await daemon.stop(), 0);
});
