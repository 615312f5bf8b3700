/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Members without a WebSocket: plain pages in Chromium and Firefox that have fetch() and RTCPeerConnection and nothing of ours, and
 * aiortc with the HTTP client of Python's standard library. One POST each; trickled fragments, an ICE restart, presence
 * and notices, what a server's own program says, other origins.
 */

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import readline from 'node:readline';
import { after, before, test } from 'node:test';

import { launch } from './browsers.mjs';
import { Daemon } from './daemon.mjs';

const FRAGMENT = 'application/trickle-ice-sdpfrag';

/* Runs in the page. trickle: the offer has no candidates, they follow by PATCH. */
const join = async (base, room, name, trickle) => {
  const pc = new RTCPeerConnection();
  const member = { pc, base, notices: [], heard: {}, hear: [], mirrors: {} };
  window.member = member;
  const listen = (channel) => {
    member.heard[channel.label] = [];
    channel.binaryType = 'arraybuffer';
    channel.onmessage = ({ data }) => member.heard[channel.label].push(typeof data === 'string' ? data : `binary ${new TextDecoder().decode(data)}`);
  };
  const notices = pc.createDataChannel('wherry:notices');
  notices.onmessage = ({ data }) => member.notices.push(JSON.parse(data));
  notices.onclose = () => member.notices.push({ type: 'closed' });
  member.chat = pc.createDataChannel('chat', { negotiated: true, id: 8 });
  listen(member.chat);
  pc.ondatachannel = ({ channel }) => {
    member.mirrors[channel.label] = channel;
    listen(channel);
  };
  /* to be asked before the description is set: the state may be "complete" from the time before */
  member.gathering = () => new Promise((resolve) => { pc.onicecandidate = ({ candidate }) => candidate ?? resolve(); });
  member.open = Promise.all([notices, member.chat].map((channel) => new Promise((resolve) => { channel.onopen = resolve; })));

  const offer = await pc.createOffer();
  const bare = offer.sdp;
  const gathered = member.gathering();
  await pc.setLocalDescription(offer);
  if (!trickle)
    await gathered;
  const response = await fetch(`${base}rooms/${room}/members?name=${name}`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/sdp', 'Wherry-Channels': JSON.stringify([{ label: 'chat', id: 8 }]) },
    body: trickle ? bare : pc.localDescription.sdp,
  });
  member.id = response.headers.get('Wherry-Member');
  member.location = new URL(response.headers.get('Location'), base).href;
  member.etag = response.headers.get('ETag');
  member.answer = await response.text();
  if (response.status !== 201)
    throw new Error(`${response.status}: ${member.answer}`);
  await pc.setRemoteDescription({ type: 'answer', sdp: member.answer });

  /* the fragment of the local description's credentials and candidates */
  member.fragment = () => {
    const { sdp } = pc.localDescription;
    const pick = (pattern) => sdp.match(pattern) ?? [];
    return [...pick(/^a=ice-ufrag:.*$/m), ...pick(/^a=ice-pwd:.*$/m), ...pick(/^m=.*$/m), ...pick(/^a=mid:.*$/m),
      ...pick(/^a=candidate:.*$/mg), 'a=end-of-candidates', ''].map((line) => line.trim()).join('\r\n');
  };
  member.patch = (body) => fetch(member.location, {
    method: 'PATCH', headers: { 'Content-Type': 'application/trickle-ice-sdpfrag', 'If-Match': member.etag }, body,
  });
  if (trickle) {
    await gathered;
    member.trickled = (await member.patch(member.fragment())).status;
  }
  await member.open;
  return member.id;
};

/* Runs in the page: new credentials on both sides, over the connection that there is. */
const restart = async () => {
  const { pc } = window.member;
  const m = window.member;
  const gathered = m.gathering();
  await pc.setLocalDescription(await pc.createOffer({ iceRestart: true }));
  await gathered;
  const response = await m.patch(m.fragment());
  const text = await response.text();
  if (response.status !== 200)
    throw new Error(`${response.status}: ${text}`);
  const line = (name) => text.match(new RegExp(`^a=${name}:.*$`, 'm'))[0].trim();
  const candidates = text.match(/^a=candidate:.*$/mg).map((one) => one.trim());
  const sdp = m.answer.replace(/^a=ice-ufrag:.*$/m, line('ice-ufrag')).replace(/^a=ice-pwd:.*$/m, line('ice-pwd'))
    .replace(/^a=candidate:.*\r\n/mg, '').replace('a=end-of-candidates\r\n', '').concat(candidates.join('\r\n'), '\r\n');
  const old = m.etag;
  m.etag = response.headers.get('ETag');
  m.answer = sdp;
  await pc.setRemoteDescription({ type: 'answer', sdp });
  return { changed: old !== m.etag, stale: (await fetch(m.location, {
    method: 'PATCH', headers: { 'Content-Type': 'application/trickle-ice-sdpfrag', 'If-Match': old }, body: 'a=end-of-candidates\r\n',
  })).status };
};

let daemon;
let stranger;
let browser;
let firefox;

const open = async (room, name, { trickle = false, from = daemon.url, within = browser } = {}) => {
  const page = await within.newPage();
  await page.goto(`${from}healthz`); /* nothing of ours in it */
  const id = await page.evaluate(join, daemon.url, room, name, trickle);
  return {
    id,
    page,
    say: (text) => page.evaluate((what) => window.member.chat.send(what), text),
    hears: (topic, text) => page.waitForFunction((t, what) => window.member.heard[t]?.includes(what), { polling: 20 }, topic, text),
    noticed: async (type, peer) => JSON.parse(await (await page.waitForFunction((t, who) => {
      const found = window.member.notices.find((m) => m.type === t && (!who || m.peer === who));
      return found && JSON.stringify(found);
    }, { polling: 20 }, type, peer)).jsonValue()),
  };
};

before(async () => {
  stranger = await Daemon.start();
  daemon = await Daemon.start('--allowed-origin', new URL(stranger.url).origin);
  browser = await launch('chromium');
  firefox = await launch('firefox');
}, { timeout: 120_000 });

after(async () => {
  await browser?.close();
  await firefox?.close();
  daemon?.kill('SIGKILL');
  stranger?.kill('SIGKILL');
}, { timeout: 60_000 });

test('two pages talk, with all candidates in the offer and trickled', { timeout: 60_000 }, async () => {
  const ann = await open('lobby', 'Ann');
  const joined = await ann.noticed('joined');
  assert.equal(joined.peer, ann.id);
  assert.deepEqual(joined.members, []);
  const bob = await open('lobby', 'Bob', { trickle: true });
  assert.equal(await bob.page.evaluate(() => window.member.trickled), 204);
  assert.equal((await ann.noticed('member-joined', bob.id)).name, 'Bob');
  assert.deepEqual((await bob.noticed('joined')).members, [{ peer: ann.id, name: 'Ann' }]);
  await ann.say('from Ann');
  await bob.hears('chat', 'from Ann');
  await bob.say('from Bob');
  await ann.hears('chat', 'from Bob');

  /* it leaves by its own address, and hears so */
  assert.equal(await bob.page.evaluate(async () => (await fetch(window.member.location, { method: 'DELETE' })).status), 200);
  assert.equal((await ann.noticed('member-left', bob.id)).reason, 'left');
  assert.equal((await bob.noticed('left')).reason, 'left');
  await bob.noticed('closed');
  await ann.page.close();
  await bob.page.close();
});

test('Firefox and Chromium talk, and Firefox restarts ICE', { timeout: 60_000 }, async () => {
  const ann = await open('foxes', 'Ann', { within: firefox });
  const bob = await open('foxes', 'Bob');
  const fox = await open('foxes', 'Fox', { within: firefox, trickle: true });
  assert.equal(await fox.page.evaluate(() => window.member.trickled), 204);
  assert.equal((await ann.noticed('member-joined', fox.id)).name, 'Fox');
  assert.deepEqual(await ann.page.evaluate(restart), { changed: true, stale: 412 });
  await ann.say('from Ann');
  await bob.hears('chat', 'from Ann');
  await fox.hears('chat', 'from Ann');
  await fox.say('from Fox');
  await ann.hears('chat', 'from Fox');
  assert.equal((await fetch(`${daemon.url}rooms/foxes/members/${fox.id}`, { method: 'DELETE' })).status, 200);
  assert.equal((await fox.noticed('left')).reason, 'kicked');
  for (const { page } of [ann, bob, fox])
    await page.close();
});

test('ICE restarts by PATCH, and nothing said meanwhile is lost', { timeout: 60_000 }, async () => {
  const ann = await open('restarts', 'Ann');
  const bob = await open('restarts', 'Bob', { trickle: true });
  const pair = () => ann.page.evaluate(async () => {
    const stats = [...(await window.member.pc.getStats()).values()];
    const { selectedCandidatePairId } = stats.find(({ type }) => type === 'transport');
    const { localCandidateId } = stats.find(({ id }) => id === selectedCandidatePairId);
    return stats.find(({ id }) => id === localCandidateId).usernameFragment;
  });
  const before = await pair();
  await ann.page.evaluate(() => { let n = 0; window.ticking = setInterval(() => window.member.chat.send(`tick ${n++}`), 5); });
  await bob.hears('chat', 'tick 1');
  for (let round = 0; round < 2; round += 1)
    assert.deepEqual(await ann.page.evaluate(restart), { changed: true, stale: 412 });
  await ann.page.waitForFunction(async (old) => {
    const stats = [...(await window.member.pc.getStats()).values()];
    const { selectedCandidatePairId } = stats.find(({ type }) => type === 'transport');
    const { localCandidateId } = stats.find(({ id }) => id === selectedCandidatePairId);
    return stats.find(({ id }) => id === localCandidateId).usernameFragment !== old;
  }, { polling: 50 }, before);
  await ann.page.evaluate(() => { clearInterval(window.ticking); window.member.chat.send('last'); });
  await bob.hears('chat', 'last');
  const heard = await bob.page.evaluate(() => window.member.heard.chat);
  const first = Number(heard[0].split(' ')[1]);
  assert.deepEqual(heard, [...heard.keys()].slice(0, -1).map((n) => `tick ${first + n}`).concat('last'));
  await ann.page.close();
  await bob.page.close();
});

test('a program speaks to the room, and sends a member away', { timeout: 60_000 }, async () => {
  const ann = await open('spoken', 'Ann');
  const post = async (topic, body, type) => assert.equal((await fetch(`${daemon.url}rooms/spoken/topics/${topic}`, {
    method: 'POST', headers: type ? { 'Content-Type': type } : {}, body,
  })).status, 202);
  await post('chat', 'hello', 'text/plain');
  await ann.hears('chat', 'hello');
  await post('chat', Buffer.from('bytes'), 'application/octet-stream');
  await ann.hears('chat', 'binary bytes');
  /* a topic that nobody has opened: a channel comes for it */
  for (let n = 0; n < 3; n += 1)
    await post('news/today', JSON.stringify({ n }), 'application/json');
  await ann.hears('news/today', '{"n":2}');
  assert.deepEqual(await ann.page.evaluate(() => window.member.heard['news/today']), ['{"n":0}', '{"n":1}', '{"n":2}']);

  const room = await (await fetch(`${daemon.url}rooms/spoken`)).json();
  assert.equal(room.members[0].peer, ann.id);
  assert.equal(room.members[0].connected, true);
  assert.match(room.members[0].path, / over udp$/);
  assert.deepEqual(room.topics.map(({ topic, publishers, subscribers }) => [topic, publishers, subscribers]).sort(),
    [['chat', 1, 1], ['news/today', 0, 1]]);
  assert.equal((await fetch(`${daemon.url}rooms/spoken/members/${ann.id}?ban=60`, { method: 'DELETE' })).status, 200);
  assert.equal((await ann.noticed('left')).reason, 'banned');
  await ann.noticed('closed');
  await ann.page.close();
});

test('a page of another origin may, as configured', { timeout: 60_000 }, async () => {
  const ann = await open('cors', 'Ann', { from: stranger.url, trickle: true });
  const bob = await open('cors', 'Bob');
  await bob.say('over the border');
  await ann.hears('chat', 'over the border');
  /* the other way it is not configured */
  const page = await browser.newPage();
  await page.goto(`${daemon.url}healthz`);
  assert.match(await page.evaluate((url) => fetch(`${url}rooms/x/members`, {
    method: 'POST', headers: { 'Content-Type': 'application/sdp' }, body: 'v=0',
  }).then(({ status }) => status, String), stranger.url), /^TypeError/);
  for (const one of [ann.page, bob.page, page])
    await one.close();
});

test("README's one POST does what it says", { timeout: 60_000 }, async () => {
  const readme = await readFile(new URL('../../../README.md', import.meta.url), 'utf8');
  const code = [...readme.matchAll(/```js\n([^]*?)```/g)][1][1];
  const [, words, address] = readme.match(/^curl .* -d '(.*)' (\S+)$/m);
  const page = await browser.newPage();
  let heard = null;
  page.on('console', (message) => { heard ??= message.text().match(/^heard: (.*)$/)?.[1]; });
  await page.goto(`${daemon.url}healthz`);
  await page.evaluate(code.replace('http://127.0.0.1:8888/', daemon.url));
  while (!heard) /* what is said before it has joined is not for it */
    assert.equal((await fetch(address.replace('http://127.0.0.1:8888/', daemon.url), {
      method: 'POST', headers: { 'Content-Type': 'text/plain' }, body: words,
    })).status, 202);
  assert.equal(heard, words);
  await page.close();
});

test('aiortc and Chromium talk', { timeout: 60_000 }, async () => {
  const ann = await open('stacks', 'Ann');
  const child = spawn('/usr/bin/python3', [process.env.WHERRY_AIORTC_HTTP, `${daemon.url}rooms/stacks/members?name=aiortc`],
    { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = [];
  let tell = () => {};
  readline.createInterface({ input: child.stdout }).on('line', (line) => { lines.push(line); tell(); });
  const says = async (text) => {
    while (!lines.includes(text))
      await new Promise((resolve) => { tell = resolve; });
  };
  await says('open');
  await ann.say('to aiortc');
  await says('chat: to aiortc');
  await ann.hears('chat', 'to aiortc, says aiortc');
  await says('notice: joined');
  const ended = new Promise((resolve) => { child.once('exit', resolve); });
  child.stdin.end();
  assert.equal(await ended, 0);
  await says('left: 200');
  await ann.page.close();
});

test('the servers end well', { timeout: 30_000 }, async () => {
  assert.equal(Number((await (await fetch(`${daemon.url}metrics`)).text()).match(/^wherry_bugs_total (\d+)/m)[1]), 0);
  assert.equal(await daemon.stop(), 0);
  assert.equal(await stranger.stop(), 0);
});
