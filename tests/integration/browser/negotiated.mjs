/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Channels that both sides negotiated with id 1000, beyond the streams that an association begins with: a plain page in
 * Chromium and a member on pion in one room. Each declares its channel in its offer. What they say arrives at the other
 * once, in order; and an id that would cost too much is refused with a reason.
 */

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { launch } from './browsers.mjs';
import { Daemon } from './daemon.mjs';
import { ProgramParticipant, digest, payload } from './participant.mjs';

const ID = 1000;
const ROOM = 'high';
const SIZES = [30, 1000, 60_000];

/* Runs in the page, without wherry.js: joins, declares the channel, resolves when it is open or was refused. */
const join = (room, label, id) => new Promise((resolve) => {
  const socket = new WebSocket(`ws://${location.host}/connect`);
  const pc = new RTCPeerConnection();
  const channel = pc.createDataChannel(label, { negotiated: true, id });
  const say = (message) => socket.send(JSON.stringify(message));
  const member = { socket, pc, channel, heard: [] };
  let early = [];
  channel.binaryType = 'arraybuffer';
  channel.onopen = () => resolve('open');
  channel.onmessage = ({ data }) => member.heard.push(typeof data === 'string' ? data : new TextDecoder().decode(data));
  pc.onicecandidate = ({ candidate }) => say({ type: 'candidate', ...candidate?.toJSON() });
  socket.onopen = async () => {
    say({ type: 'join', room, name: 'page' });
    const offer = await pc.createOffer();
    say({ type: 'offer', sdp: offer.sdp, channels: [{ label, id }] });
    await pc.setLocalDescription(offer);
  };
  socket.onmessage = async ({ data }) => {
    const m = JSON.parse(data);
    if (m.type === 'answer') {
      await pc.setRemoteDescription(m);
      for (const candidate of early)
        pc.addIceCandidate(candidate);
      early = null;
    } else if (m.type === 'candidate' && m.candidate) {
      if (early)
        early.push(m);
      else
        pc.addIceCandidate(m);
    } else if (m.type === 'error')
      resolve(`${m.code}: ${m.message}`);
  };
  window.member = member;
});

let daemon;
let browser;

before(async () => {
  daemon = await Daemon.start();
  browser = await launch('chromium');
}, { timeout: 60_000 });

after(async () => {
  await browser?.close();
  daemon?.kill('SIGKILL');
}, { timeout: 60_000 });

const open = async (id) => {
  const page = await browser.newPage();
  await page.goto(`${daemon.url}healthz`); /* same origin, and nothing of ours in it */
  return { page, result: await page.evaluate(join, ROOM, 'room-test', id) };
};

test('Chromium: an id that costs more than a member may use is refused', { timeout: 60_000 }, async () => {
  const { page, result } = await open(65533);
  assert.match(result, /^too-large: .*choose a lower id/);
  await page.close();
});

test('pion: the same', { skip: !process.env.WHERRY_PION && 'there is no Go', timeout: 60_000 }, async () => {
  const refused = ProgramParticipant.start('pion', [process.env.WHERRY_PION, 'room', '--negotiated', '65533'], { url: daemon.url, room: ROOM, name: 'p' });
  await assert.rejects(refused, /too-large/);
});

test(`Chromium and pion talk on id ${ID}`, { skip: !process.env.WHERRY_PION && 'there is no Go', timeout: 120_000 }, async () => {
  const pion = await ProgramParticipant.start('pion', [process.env.WHERRY_PION, 'room', '--negotiated', String(ID)], { url: daemon.url, room: ROOM, name: 'pion' });
  const { page, result } = await open(ID);
  assert.equal(result, 'open');
  const heard = () => page.evaluate(() => window.member.heard);

  /* one is subscribed for certain when it has heard something */
  await page.evaluate(() => { window.greeting = setInterval(() => window.member.channel.send('page:hello:'), 50); });
  await pion.until(() => pion.messages.length > 0, 'hearing the page');
  await page.evaluate(() => clearInterval(window.greeting));
  const greeting = setInterval(() => pion.send({ kind: 'text', head: 'pion:hello:', size: 11 }), 50);
  await page.waitForFunction(() => window.member.heard.length > 0);
  clearInterval(greeting);

  for (const [index, size] of SIZES.entries()) {
    await pion.send({ kind: 'binary', head: `pion:${index}:`, size });
    await page.evaluate((text) => window.member.channel.send(text), payload(`page:${index}:`, size).toString('latin1'));
  }
  const isHello = (text) => text.includes(':hello');
  await page.waitForFunction((n) => window.member.heard.filter((text) => !text.includes(':hello')).length >= n, {}, SIZES.length);
  await pion.until(() => pion.messages.filter(({ head }) => !isHello(head)).length >= SIZES.length, 'hearing everything');
  assert.deepEqual((await heard()).filter((text) => !isHello(text)), SIZES.map((size, index) => payload(`pion:${index}:`, size).toString('latin1')));
  assert.deepEqual(pion.messages.filter(({ head }) => !isHello(head)).map(({ kind, size, sha256 }) => [kind, size, sha256]),
    SIZES.map((size, index) => ['text', size, digest(payload(`page:${index}:`, size))]));

  /* what it costs, as the server counts it: 104 bytes for each stream beyond the first 128, of two members */
  const used = (await (await fetch(`${daemon.url}metrics`)).text()).match(/^wherry_budget_used_bytes (\d+)/m)[1];
  assert.equal(Number(used), 2 * (ID + 1 - 128) * 104);
  await pion.quit();
  await page.close();
});

test('the server ends well', { timeout: 30_000 }, async () => {
  assert.equal(await daemon.stop(), 0);
});
