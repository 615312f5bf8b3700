/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A machine of its own (a network namespace) whose firewall drops UDP: pages in Chromium chat all the same, through the
 * signaling WebSocket, soon; when UDP is let through they go over to WebRTC, and of what they say meanwhile nothing is lost,
 * doubled or out of order.
 */

import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { after, before, test } from 'node:test';

import { POLLING, launch } from './browsers.mjs';
import { Daemon } from './daemon.mjs';

const WITHIN_MS = 5_000;
const LARGE = 100_000;

if (!process.env.WHERRY_OWN_MACHINE) {
  const { status } = spawnSync('unshare', ['-n', process.execPath, ...process.execArgv, ...process.argv.slice(1)], {
    stdio: 'inherit', env: { ...process.env, WHERRY_OWN_MACHINE: '1' },
  });
  process.exit(status ?? 1);
}

/* What comes is dropped, as by a firewall on the way: whoever sends hears of no error. */
const block = () => execFileSync('nft', ['-f', '-'], {
  input: 'table inet wherry { chain in { type filter hook input priority 0; meta l4proto udp drop; }; }\n',
});
const unblock = () => execFileSync('nft', ['delete', 'table', 'inet', 'wherry']);

let daemon;
let browser;
const pages = [];

/* Runs in the page. */
const join = async (name) => {
  const { Wherry } = await import('/wherry.js');
  const start = performance.now();
  const room = Wherry.room(location.href, 'blocked', { name, returnAfter: 500 });
  const seen = { start, transports: [], states: [], gaps: 0, from: {}, wrong: [], large: 0 };
  room.addEventListener('transport', ({ transport }) => seen.transports.push(transport));
  room.addEventListener('state', ({ state, reason }) => seen.states.push(`${state}: ${reason}`));
  await room.join();
  seen.joined = performance.now() - start;
  const chat = room.channel('chat');
  chat.addEventListener('gap', () => { seen.gaps += 1; });
  chat.addEventListener('message', ({ data }) => {
    if (typeof data !== 'string') {
      seen.large += data.byteLength === 100_000 ? 1 : 0;
      return;
    }
    const [who, number] = data.split(' ');
    const next = (seen.from[who] ?? Number(number) - 1) + 1; /* who comes later has not heard the first ones */
    if (Number(number) !== next)
      seen.wrong.push(`${who}: ${number} in place of ${next}`);
    seen.from[who] = Number(number);
    seen.firstHeard ??= performance.now() - start;
  });
  await chat.ready();
  Object.assign(window, { room, chat, seen, said: 0 });
  return seen.joined;
};

/* Runs in the page: about 200 messages a second, and a large one now and then, until stop(). */
const talk = (name, large) => {
  const timer = setInterval(() => {
    if (window.chat.readyState !== 'open')
      return;
    for (let i = 0; i < 4; i += 1)
      window.chat.send(`${name} ${window.said++}`);
    if (window.said % 100 === 0)
      window.chat.send(new Uint8Array(large));
  }, 20);
  window.stop = () => clearInterval(timer);
};

const look = (page) => page.evaluate(() => ({ ...window.seen, said: window.said, transport: window.room.transport, state: window.room.state }));

before(async () => {
  /* Chromium looks for no way at all on a machine that has loopback alone. */
  for (const words of ['link set lo up', 'link add wherry0 type veth peer name wherry1', 'link set wherry1 up', 'addr add 10.77.0.1/24 dev wherry0', 'link set wherry0 up',
    'route add default dev wherry0'])
    execFileSync('ip', words.split(' '));
  block();
  daemon = await Daemon.start();
  /* both pages talk by timers, and only one is in front */
  browser = await launch('chromium', { args: ['--no-sandbox', '--disable-background-timer-throttling'] });
  for (let i = 0; i < 2; i += 1) {
    const page = await browser.newPage();
    await page.goto(daemon.url);
    pages.push(page);
  }
}, { timeout: 60_000 });

after(async () => {
  await browser?.close();
  daemon?.kill('SIGKILL');
}, { timeout: 60_000 });

test('chatting soon, though UDP is blocked', { timeout: 60_000 }, async (t) => {
  const [a, b] = pages;
  await b.evaluate(join, 'b');
  await b.evaluate(talk, 'b', LARGE);
  const joined = await a.evaluate(join, 'a');
  await a.waitForFunction(() => window.seen.firstHeard !== undefined, POLLING);
  const seen = await look(a);
  t.diagnostic(`joined after ${Math.round(joined)} ms, the first message after ${Math.round(seen.firstHeard)} ms`);
  assert.deepEqual([seen.transport, (await look(b)).transport], ['websocket', 'websocket']);
  assert.ok(seen.firstHeard < WITHIN_MS, `${seen.firstHeard} ms`);
});

test('back to WebRTC, and nothing lost, doubled or out of order', { timeout: 90_000 }, async (t) => {
  const [a, b] = pages;
  await a.evaluate(talk, 'a', LARGE);
  await b.waitForFunction(() => window.seen.from.a > 200, POLLING);
  const start = performance.now();
  unblock();
  for (const page of pages)
    await page.waitForFunction(() => window.room.transport === 'webrtc', { ...POLLING, timeout: 60_000 });
  t.diagnostic(`both on WebRTC ${Math.round(performance.now() - start)} ms after UDP came through`);
  for (const [page, other] of [[a, 'b'], [b, 'a']]) {
    const { from } = await look(page);
    await page.waitForFunction((who, n) => window.seen.from[who] > n + 500, POLLING, other, from[other]);
  }
  for (const page of pages)
    await page.evaluate(() => window.stop());
  for (const [page, peer, other] of [[a, b, 'b'], [b, a, 'a']]) {
    const { said } = await look(peer);
    await page.waitForFunction((who, n) => window.seen.from[who] === n, POLLING, other, said - 1);
    const seen = await look(page);
    t.diagnostic(`${seen.from[other] + 1} messages and ${seen.large} large ones from ${other}`);
    assert.deepEqual(seen.wrong, []);
    assert.equal(seen.gaps, 0);
    assert.ok(seen.large > 5);
    assert.deepEqual(seen.transports, ['websocket', 'webrtc']);
    assert.equal(seen.state, 'connected');
  }
  const pc = await a.evaluate(() => window.room.stats());
  assert.equal(pc.pair.protocol, 'udp');
});

test('nobody needs the WebSocket any more', { timeout: 60_000 }, async () => {
  const [a, b] = pages;
  const before = (await look(b)).from.a;
  await a.evaluate(() => window.chat.send(`a ${window.said++}`));
  await b.waitForFunction((n) => window.seen.from.a === n + 1, POLLING, before);
  const late = await a.evaluate(async () => {
    const channel = window.room.channel('late');
    await channel.ready();
    channel.send('late');
    return channel.readyState;
  });
  assert.equal(late, 'open');
  await b.waitForFunction(() => window.room.channels.some(({ label }) => label === 'late'), POLLING);
  await a.evaluate(() => window.room.leave());
  await b.waitForFunction(() => window.room.members.size === 0, POLLING);
  assert.equal(await daemon.stop(), 0);
});

test('a relay with TCP candidates needs no tunnel', { timeout: 60_000 }, async (t) => {
  block();
  const other = await Daemon.start('--ice-tcp', 'yes');
  const page = await browser.newPage();
  await page.goto(other.url);
  const joined = await page.evaluate(join, 'c');
  const { pair } = await page.evaluate(() => window.room.stats());
  t.diagnostic(`joined after ${Math.round(joined)} ms, over ${pair.protocol}`);
  assert.deepEqual((await look(page)).transports, ['webrtc']);
  assert.equal(pair.protocol, 'tcp');
  await page.close();
  assert.equal(await other.stop(), 0);
});

test('a relay that forbids it is not asked for a tunnel', { timeout: 60_000 }, async () => {
  const other = await Daemon.start('--tunnel', 'no');
  const page = await browser.newPage();
  await page.goto(other.url);
  const reason = await page.evaluate(async () => {
    const { Wherry } = await import('/wherry.js');
    return Wherry.join(location.href, 'blocked', { connectTimeout: 4000, reconnect: false }).catch(({ code }) => code);
  });
  assert.equal(reason, 'timeout');
  other.kill('SIGKILL');
});
