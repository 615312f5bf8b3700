/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* data/docs/protocol.md section 3, as Chromium sees it: what mirrors are like, whom they serve, what is refused, and that
 * a new offer changes none of it. The members are plain RTCPeerConnections in one page. */

import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';

import { launch } from './browsers.mjs';
import { Daemon } from './daemon.mjs';

const MEMBER = fs.readFileSync(new URL('./member.js', import.meta.url), 'utf8');
const CONFIG = '[topic hidden*]\nmirror=no\n\n[topic fresh*]\nmirror=lossy\n\n[topic safe*]\nmirror=reliable\n';
const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'wherry-channels-'));

let daemon;
let browser;
let page;

const metric = async (name) => Number((await (await fetch(`${daemon.url}metrics`)).text()).match(new RegExp(`^wherry_${name} (\\d+)$`, 'm'))[1]);
const run = (name, scene) => test(name, { timeout: 60_000 }, async () => { await scene(); });

before(async () => {
  fs.writeFileSync(path.join(directory, 'conf'), CONFIG);
  daemon = await Daemon.start('--config', path.join(directory, 'conf'));
  browser = await launch('chromium');
  page = await browser.newPage();
  await page.goto(`${daemon.url}healthz`);
  await page.evaluate(MEMBER);
}, { timeout: 120_000 });

after(async () => {
  await browser?.close();
  daemon?.kill('SIGKILL');
  fs.rmSync(directory, { recursive: true });
}, { timeout: 60_000 });

run('a mirror is the publisher\'s channel, and carries all kinds of messages both ways', async () => {
  const seen = await page.evaluate(async () => {
    const ann = await Member.join('kinds', {}, { chat: { protocol: 'p/1' } });
    const bob = await Member.join('kinds');
    const mirror = await bob.mirror('chat');
    const large = new Uint8Array(200_000).map((_, at) => at % 251);
    for (const data of ['text', '', new ArrayBuffer(0), new Uint8Array([1, 0, 2]), 'ü'.repeat(100_000), large, 'end'])
      ann.own.chat.send(data);
    await bob.until(() => bob.heard.length === 7, 'seven messages');
    mirror.send('back');
    await ann.until(() => ann.heard.length > 0, 'an answer');
    const kind = (data) => (typeof data === 'string' ? `text ${data.length}` : `binary ${data.byteLength}`);
    const { protocol, ordered, maxRetransmits, maxPacketLifeTime } = mirror;
    const same = new Uint8Array(bob.heard[5].data).every((byte, at) => byte === at % 251);
    const result = { kinds: bob.heard.map(({ data }) => kind(data)), same, mirror: { protocol, ordered, maxRetransmits, maxPacketLifeTime },
      ann: ann.texts('chat'), mirrors: [ann.mirrors.length, bob.mirrors.length] };
    await ann.leave();
    await bob.leave();
    return result;
  });
  assert.deepEqual(seen, {
    kinds: ['text 4', 'text 0', 'binary 0', 'binary 3', 'text 100000', 'binary 200000', 'text 3'], same: true,
    mirror: { protocol: 'p/1', ordered: true, maxRetransmits: null, maxPacketLifeTime: null },
    ann: ['back'], mirrors: [0, 1],
  });
});

run('lossy mirrors keep what they are, and are opened anew when the publishers change', async () => {
  const seen = await page.evaluate(async () => {
    const like = ({ protocol, ordered, maxRetransmits, maxPacketLifeTime }) => [protocol, ordered, maxRetransmits, maxPacketLifeTime];
    const ann = await Member.join('loss', {}, {
      position: { ordered: false, maxRetransmits: 0, protocol: 'xyz' }, life: { maxPacketLifeTime: 150 }, 'fresh-1': {}, 'safe-1': { maxRetransmits: 3 },
    });
    const bob = await Member.join('loss');
    const result = {};
    for (const label of ['position', 'life', 'fresh-1', 'safe-1'])
      result[label] = like(await bob.mirror(label));
    const before = await bob.mirror('position');
    const cid = await Member.join('loss', {}, { position: {} });
    const reliable = await bob.mirror('position', 1);
    result.reliable = like(reliable);
    cid.own.position.send('hear');
    await bob.until(() => bob.texts('position').includes('hear'), 'hearing Cid');
    await bob.until(() => before.readyState === 'closed', 'the lossy one closing');
    cid.own.position.close();
    result.again = like(await bob.mirror('position', 2));
    await bob.until(() => reliable.readyState === 'closed', 'the reliable one closing');
    ann.own.position.send('still');
    await bob.until(() => bob.texts('position').includes('still'), 'hearing Ann');
    for (const member of [ann, bob, cid])
      await member.leave();
    return result;
  });
  assert.deepEqual(seen, {
    position: ['xyz', false, 0, null], life: ['', true, null, 150], 'fresh-1': ['', false, 0, null], 'safe-1': ['', true, null, null],
    reliable: ['xyz', true, null, null], again: ['xyz', false, 0, null],
  });
});

run('a member is served on one channel per topic: its newest', async () => {
  const seen = await page.evaluate(async () => {
    const ann = await Member.join('twins', {}, { twin: {} });
    const bob = await Member.join('twins');
    const mirror = await bob.mirror('twin');
    const newer = ann.open('twin');
    await ann.until(() => newer.readyState === 'open', 'opening');
    mirror.send('to Ann');
    await ann.until(() => ann.heard.length > 0, 'hearing Bob');
    ann.own.twin.send('by the older');
    newer.send('by the newer');
    await bob.until(() => bob.heard.length === 2, 'hearing both');
    const result = { newest: ann.heard.every(({ channel }) => channel === newer), ann: ann.texts('twin'), bob: bob.texts('twin').sort() };
    newer.close(); /* and the older is served again */
    await ann.until(() => newer.readyState === 'closed', 'closing');
    await bob.flush(mirror, ann, 'twin');
    /* its own in place of a mirror: nothing is lost, doubled or out of order */
    let number = 0;
    const timer = setInterval(() => ann.own.twin.send(`n${number++}`), 1);
    const own = bob.open('twin');
    await bob.until(() => own.readyState === 'open' && mirror.readyState === 'closed', 'replacing');
    clearInterval(timer);
    await ann.flush(ann.own.twin, bob, 'twin');
    const numbers = bob.texts('twin').filter((text) => text[0] === 'n').map((text) => Number(text.slice(1)));
    result.replaced = numbers.length === number && numbers.every((value, at) => value === at);
    result.mirrors = bob.mirrors.length;
    await ann.leave();
    await bob.leave();
    return result;
  });
  assert.deepEqual(seen, { newest: true, ann: ['to Ann'], bob: ['by the newer', 'by the older'], replaced: true, mirrors: 1 });
});

run('nobody is mirrored to who does not want it', async () => {
  const seen = await page.evaluate(async () => {
    const ann = await Member.join('wants', {}, { talk: {}, 'hidden-1': {}, last: {} });
    ann.own.talk.send('before anybody came');
    const bob = await Member.join('wants');
    const cid = await Member.join('wants', { mirror: false }, { last: {} });
    const mirror = await bob.mirror('talk');
    await bob.mirror('last');
    mirror.close(); /* is not opened again, and nothing comes */
    await bob.until(() => mirror.readyState === 'closed', 'closing');
    ann.own['hidden-1'].send('nobody opened this');
    ann.own.talk.send('nobody listens');
    await ann.flush(ann.own.last, bob, 'last');
    await ann.flush(ann.own.last, cid, 'last');
    const result = { bob: bob.mirrors.map(({ label }) => label).sort(), cid: cid.mirrors.length,
      heard: [...bob.heard, ...cid.heard].map(({ data }) => data).filter((text) => !text.startsWith('mark ')) };
    const own = bob.open('talk'); /* until it opens one of its own */
    const hidden = cid.open('hidden-1');
    await bob.until(() => own.readyState === 'open' && hidden.readyState === 'open', 'opening');
    ann.own.talk.send('again');
    ann.own['hidden-1'].send('shown');
    await bob.until(() => bob.texts('talk').includes('again'), 'hearing again');
    await cid.until(() => cid.texts('hidden-1').includes('shown'), 'hearing what is not mirrored');
    for (const member of [ann, bob, cid])
      await member.leave();
    return result;
  });
  assert.deepEqual(seen, { bob: ['last', 'talk'], cid: 0, heard: [] });
});

run('the room echo returns each message on the channel it came from', async () => {
  const seen = await page.evaluate(async () => {
    const ann = await Member.join(null, {}, { one: {}, two: { ordered: false } });
    const bob = await Member.join('echo', {}, { one: {} });
    const twin = ann.open('one');
    await ann.until(() => twin.readyState === 'open', 'opening');
    ann.own.one.send('1');
    ann.own.two.send(new ArrayBuffer(0));
    twin.send('');
    await ann.until(() => ann.heard.length === 3, 'three echoes');
    await bob.flush(bob.own.one, bob, 'one');
    const from = (channel) => ann.heard.filter((message) => message.channel === channel).map(({ data }) => data.byteLength ?? data);
    const result = [from(ann.own.one), from(ann.own.two), from(twin), bob.heard.length, ann.mirrors.length];
    await ann.leave();
    await bob.leave();
    return result;
  });
  assert.deepEqual(seen, [['1'], [0], [''], 0, 0]);
});

run('what is refused is said on wherry:notices, and the connection stays', async () => {
  const bad = await metric('sctp_bad_stream_data_total');
  const seen = await page.evaluate(async () => {
    const ann = await Member.join('refusals', {}, { chat: {} });
    const bob = await Member.join('refusals');
    await bob.mirror('chat');
    const reserved = ann.open('wherry:mine');
    await ann.until(() => reserved.readyState === 'closed', 'the reserved label being refused');
    const many = Array.from({ length: 32 }, (_, n) => ann.open(`many ${n}`));
    await ann.until(() => many.filter(({ readyState }) => readyState === 'closed').length === 1, 'one too many being refused');
    await ann.until(() => many.filter(({ readyState }) => readyState === 'open').length === 31, 'the others');
    /* nobody declared this one: its stream is reset */
    const stray = ann.pc.createDataChannel('stray', { negotiated: true, id: 101 });
    await ann.until(() => stray.readyState === 'open', 'opening');
    stray.send('who am I?');
    await ann.until(() => stray.readyState === 'closed', 'the reset');
    await ann.until(() => ann.notices.length >= 2, 'notices');
    await ann.flush(ann.own.chat, bob, 'chat');
    const result = ann.notices.map(({ type, code, topic }) => [type, code, topic]);
    await ann.leave();
    await bob.leave();
    return result;
  });
  assert.deepEqual(seen, [['error', 'forbidden', 'wherry:mine'], ['error', 'forbidden', 'many 31']]);
  assert.equal(await metric('sctp_bad_stream_data_total'), bad + 1);
});

run('a new offer, an ICE restart and a call keep channels and messages', async () => {
  const seen = await page.evaluate(async () => {
    const ann = await Member.join('again', {}, { chat: {} });
    const bob = await Member.join('again');
    await bob.mirror('chat');
    const ufrag = () => ann.pc.currentRemoteDescription.sdp.match(/ice-ufrag:(.*)/)[1];
    const ufrags = [ufrag()];
    let number = 0;
    const timer = setInterval(() => ann.own.chat.send(`n${number++}`), 1);
    await ann.offer({ tid: 'plain' });
    ufrags.push(ufrag());
    ann.pc.restartIce();
    await ann.offer({ tid: 'restart' });
    ufrags.push(ufrag());
    /* the restart is over when the pair has the new credentials */
    await ann.until(() => ['connected', 'completed'].includes(ann.pc.iceConnectionState), 'connecting anew');
    await ann.offer({ tid: 'declares', channels: [{ label: 'late', id: 100 }] });
    ann.say({ type: 'call', channels: [{ label: 'beyond', id: 500 }], tid: 'beyond' });
    await ann.until(() => ann.said('error').length === 1, 'the refusal of a stream that there is not');
    const late = ann.open('late', { negotiated: true, id: 100 });
    const offers = ann.said('offer').length;
    ann.say({ type: 'call', channels: [{ label: 'later', id: 102 }], tid: 'call' });
    const later = ann.open('later', { negotiated: true, id: 102 });
    await ann.until(() => ann.said('offer').length > offers && ann.pc.signalingState === 'stable', 'the server\'s offer');
    await ann.until(() => number > 20, 'twenty messages');
    clearInterval(timer);
    await ann.flush(ann.own.chat, bob, 'chat');
    (await bob.mirror('late')).send('on late');
    (await bob.mirror('later')).send('on later');
    await ann.until(() => ann.texts('late').length + ann.texts('later').length === 2, 'the declared ones');
    const numbers = bob.texts('chat').map((text) => Number(text.slice(1)));
    const result = { complete: numbers.length === number && numbers.every((value, at) => value === at),
      ufrags: [ufrags[0] === ufrags[1], ufrags[1] !== ufrags[2]], open: [ann.own.chat, late, later].map(({ readyState }) => readyState),
      tids: ann.frames.map((text) => JSON.parse(text).tid).filter((tid) => tid), errors: ann.said('error').map(({ code, ref }) => `${code} ${ref}`),
      ended: ann.said('candidate').filter(({ candidate }) => candidate === '').length };
    await ann.leave();
    await bob.leave();
    return result;
  });
  assert.deepEqual(seen, { complete: true, ufrags: [true, true], open: ['open', 'open', 'open'],
    tids: ['plain', 'restart', 'declares', 'beyond', 'call'], errors: ['bad-sdp call'], ended: 2 });
});

run('a member without its socket stays, is told nothing, and no address of another is shown', async () => {
  const seen = await page.evaluate(async () => {
    const ann = await Member.join('quiet', { name: 'Ann' }, { chat: {} });
    const bob = await Member.join('quiet', { name: 'Bob' });
    await bob.mirror('chat');
    const id = bob.said('joined')[0].peer;
    bob.socket.close();
    await bob.until(() => bob.socket.readyState === WebSocket.CLOSED, 'closing');
    ann.own.chat.send('still there?');
    await bob.until(() => bob.texts('chat').length === 1, 'hearing');
    (await bob.mirror('chat')).send('yes');
    await ann.until(() => ann.texts('chat').length === 1, 'the answer');
    const stayed = ann.said('member-left').length === 0;
    ann.say({ type: 'signal', to: id, data: 1, tid: 's' });
    await ann.until(() => ann.said('error').length === 1, 'an error');
    bob.pc.close();
    await ann.until(() => ann.said('member-left').length === 1, 'leaving');
    const others = ann.frames.filter((text) => !['answer', 'candidate'].includes(JSON.parse(text).type)).join('\n');
    const result = { stayed, error: ann.said('error').map(({ code, tid }) => [code, tid]), left: ann.said('member-left').map(({ peer, reason }) => [peer === id, reason]),
      shown: /candidate|\d+\.\d+\.\d+\.\d+|::|\.local/.test(others) };
    await ann.leave();
    return result;
  });
  assert.deepEqual(seen, { stayed: true, error: [['no-such-member', 's']], left: [[true, 'left']], shown: false });
});

test('the server ends well', { timeout: 30_000 }, async () => {
  assert.equal(await metric('bugs_total'), 0);
  assert.equal(await daemon.stop(), 0);
});
