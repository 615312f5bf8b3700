/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A machine of its own (a network namespace) whose network is cut again and again while two pages in Chromium talk: each
 * time they come back as who they were, and of what they said nothing is lost, doubled or out of order. `--cuts N`; `--blocked`:
 * UDP is blocked all the time, and the WebSocket carries the channels.
 */

import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { after, before, test } from 'node:test';
import { parseArgs } from 'node:util';

import { POLLING, launch } from './browsers.mjs';
import { Daemon } from './daemon.mjs';

const { values } = parseArgs({ options: { cuts: { type: 'string', default: '2' }, blocked: { type: 'boolean', default: false } } });
const CUTS = Number(values.cuts);

if (!process.env.WHERRY_OWN_MACHINE) {
  const { status } = spawnSync('unshare', ['-n', process.execPath, ...process.execArgv, ...process.argv.slice(1)], {
    stdio: 'inherit', env: { ...process.env, WHERRY_OWN_MACHINE: '1' },
  });
  process.exit(status ?? 1);
}

let daemon;
let browser;
const pages = [];

/* TCP connections break when somebody speaks; of UDP nobody hears anything. */
const cut = () => {
  const { port } = new URL(daemon.url);
  execFileSync('nft', ['-f', '-'], {
    input: `table inet wherry { chain in { type filter hook input priority 0; meta l4proto udp drop; tcp flags rst accept;
      tcp dport ${port} reject with tcp reset; tcp sport ${port} reject with tcp reset; }; }\n`,
  });
};
const block = () => execFileSync('nft', ['-f', '-'], {
  input: 'table inet blocked { chain in { type filter hook input priority 0; meta l4proto udp drop; }; }\n',
});
const mend = () => execFileSync('nft', ['delete', 'table', 'inet', 'wherry']);

/* Runs in the page. */
const join = async (name) => {
  const { Wherry } = await import('/wherry.js');
  const room = Wherry.room(location.href, 'cuts', { name, resume: true, reconnect: { minDelay: 100, maxDelay: 200 } });
  const seen = { events: [], heard: {}, wrong: [], ids: new Set(), open: 0 };
  for (const type of ['resumed', 'gap'])
    room.addEventListener(type, () => seen.events.push(type));
  room.addEventListener('joined', ({ id }) => seen.ids.add(id));
  await room.join();
  const chat = room.channel('chat');
  chat.addEventListener('open', () => { seen.open += 1; });
  chat.addEventListener('message', ({ data, from }) => {
    const [kind, number] = data.split(' ');
    const key = `${from} ${kind}`;
    if (Number(number) !== (seen.heard[key] ?? 0))
      seen.wrong.push(`${key}: ${number} in place of ${seen.heard[key] ?? 0}`);
    seen.heard[key] = Number(number) + 1;
  });
  await chat.ready();
  Object.assign(window, { room, chat, seen, said: 0 });
};

/* Runs in the page: about 100 messages a second to everybody, and as many to one, through every cut, until stop(). */
const talk = (to) => {
  const timer = setInterval(() => {
    if (window.chat.readyState !== 'open')
      window.seen.wrong.push(`the channel is ${window.chat.readyState}`);
    for (let i = 0; i < 2; i += 1) {
      window.chat.send(`all ${window.said}`);
      window.chat.send(`you ${window.said}`, { to });
      window.said += 1;
    }
  }, 20);
  window.stop = () => clearInterval(timer);
};

const look = (page) => page.evaluate(() => ({
  ...window.seen, ids: [...window.seen.ids], said: window.said, id: window.room.id, state: window.room.state, transport: window.room.transport, members: [...window.room.members.keys()],
}));

before(async () => {
  /* Chromium looks for no way at all on a machine that has loopback alone. */
  for (const words of ['link set lo up', 'link add wherry0 type veth peer name wherry1', 'link set wherry1 up', 'addr add 10.77.0.1/24 dev wherry0', 'link set wherry0 up',
    'route add default dev wherry0'])
    execFileSync('ip', words.split(' '));
  if (values.blocked)
    block();
  daemon = await Daemon.start();
  /* both pages talk by timers, and only one is in front */
  browser = await launch('chromium', { args: ['--no-sandbox', '--disable-background-timer-throttling'] });
  for (const name of ['a', 'b']) {
    const page = await browser.newPage();
    await page.goto(daemon.url);
    await page.evaluate(join, name);
    pages.push(page);
  }
}, { timeout: 60_000 });

after(async () => {
  await browser?.close();
  daemon?.kill('SIGKILL');
}, { timeout: 60_000 });

test(`${CUTS} cuts, and nothing lost, doubled or out of order`, { timeout: 60_000 + CUTS * 30_000 }, async (t) => {
  const ids = [];
  for (const page of pages)
    ids.push((await look(page)).id);
  await pages[0].evaluate(talk, ids[1]);
  await pages[1].evaluate(talk, ids[0]);
  for (let i = 1; i <= CUTS; i += 1) {
    const start = performance.now();
    cut();
    for (const page of pages)
      await page.evaluate(() => { window.room.ping().catch(() => {}); });
    for (const page of pages)
      await page.waitForFunction(() => window.room.state === 'reconnecting', { ...POLLING, timeout: 30_000 });
    mend();
    for (const page of pages)
      await page.waitForFunction((n) => window.seen.events.length >= n && window.room.state === 'connected', { ...POLLING, timeout: 30_000 }, i);
    t.diagnostic(`cut ${i}: back after ${Math.round(performance.now() - start)} ms`);
  }
  for (const page of pages)
    await page.evaluate(() => window.stop());
  for (const i of [0, 1]) {
    const { said } = await look(pages[1 - i]);
    for (const kind of ['all', 'you'])
      await pages[i].waitForFunction((key, n) => window.seen.heard[key] === n, { ...POLLING, timeout: 30_000 }, `${ids[1 - i]} ${kind}`, said);
    const seen = await look(pages[i]);
    t.diagnostic(`${2 * said} messages from the other`);
    assert.deepEqual(seen.wrong, []);
    assert.deepEqual(seen.events, Array(CUTS).fill('resumed'));
    assert.deepEqual([seen.ids, seen.id, seen.members], [[ids[i]], ids[i], [ids[1 - i]]]);
    assert.equal(seen.open, 1);
    assert.equal(seen.transport, values.blocked ? 'websocket' : 'webrtc');
  }
  for (const page of pages)
    await page.evaluate(() => window.room.leave());
  assert.equal(await daemon.stop(), 0);
});
