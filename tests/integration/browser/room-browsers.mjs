/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One room, several kinds of members: each one's text, binary, empty and large messages arrive at all others, once, in
 * order, byte for byte. Who takes part: `--members chromium,chromium,firefox,aiortc,pion` (the default is the browsers).
 * Programs beside the browsers are those of tests/interop; what the page shows a person is checked on the way.
 */

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { parseArgs } from 'node:util';

import { POLLING, PageParticipant, launch } from './browsers.mjs';
import { Daemon } from './daemon.mjs';
import { ProgramParticipant, digest, payload } from './participant.mjs';

const { values } = parseArgs({ options: { members: { type: 'string', default: 'chromium,chromium,firefox' } } });
const KINDS = values.members.split(',');
const PROGRAMS = {
  aiortc: () => ['/usr/bin/python3', process.env.WHERRY_AIORTC],
  pion: () => [process.env.WHERRY_PION, 'room'],
};
const ROOM = 'crossing';
const LARGE = 200_000;
const MEDIUM = 60_000; /* what the smallest of them take: pion and aiortc announce 65536 */

let daemon;
const browsers = new Map();
const members = [];
const pages = () => members.filter((member) => member instanceof PageParticipant);

/* Each sender's messages, in order, as large as it can send. Empty ones cannot say whose they are: they are counted. */
const script = ({ name, max }) => {
  const sizes = [
    ['text', 40], ['binary', 40], ['text', 0], ['text', MEDIUM], ['binary', 0], ['binary', MEDIUM],
    ['text', LARGE], ['binary', 41], ['binary', LARGE], ['text', 42], ['text', 0], ['binary', 2000], ['text', 3000],
  ];
  return sizes.filter(([, size]) => size <= max).map(([kind, size], index) => ({ kind, size, head: size === 0 ? '' : `${name}:${index}:` }));
};

const summary = ({ kind, size, sha256 }) => `${kind} ${size} ${sha256.slice(0, 12)}`;
const isHello = (message) => message.head.includes(':hello');
const owner = (message) => message.head.split(':')[0];
const heardHello = (member) => member.messages.some(isHello);

const expectedFrom = (sender, receiver) => script(sender)
  .filter(({ size }) => size > 0 && size <= receiver.max)
  .map((message) => summary({ ...message, sha256: digest(payload(message.head, message.size)) }));

const received = (receiver) => receiver.messages.filter((message) => !isHello(message));

const expectedCount = (receiver) => members.filter((member) => member !== receiver)
  .reduce((count, sender) => count + script(sender).filter(({ size }) => size <= receiver.max).length, 0);

/* Nobody is subscribed for certain before something arrived: one greets until all others have heard it, then another
 * until the one has. What was greeted too often is left out of the count. */
const meet = async () => {
  const greet = async (sender, others) => {
    let number = 0;
    const beat = () => {
      sender.send({ kind: 'text', head: `${sender.name}:hello:`, size: 30 + number }).catch(() => {});
      number += 1;
    };
    const timer = setInterval(beat, 100);
    beat();
    try {
      await Promise.all(others.map((other) => other.until(() => heardHello(other), `hearing ${sender.name}`)));
    } finally {
      clearInterval(timer);
    }
  };
  await greet(members[0], members.slice(1));
  await greet(members[1], [members[0]]);
};

before(async () => {
  daemon = await Daemon.start();
  for (const kind of new Set(KINDS)) {
    if (!PROGRAMS[kind])
      browsers.set(kind, await launch(kind));
  }
}, { timeout: 120_000 });

after(async () => {
  for (const member of members)
    member.kill();
  for (const browser of browsers.values())
    await browser.close();
  daemon?.kill('SIGKILL');
}, { timeout: 60_000 });

test('everyone gets in', { timeout: 180_000 }, async () => {
  for (const [index, kind] of KINDS.entries()) {
    const how = { url: daemon.url, room: ROOM, name: `${kind}${index}` };
    members.push(PROGRAMS[kind]
      ? await ProgramParticipant.start(kind, PROGRAMS[kind](), how)
      : await PageParticipant.start(kind, browsers.get(kind), how));
  }
  assert.equal(new Set(members.map(({ id }) => id)).size, KINDS.length);
  for (const { id } of members)
    assert.match(id, /^[0-9a-f]{16}$/);
  await meet();
});

/* What follows says nothing about a room that somebody did not get into. */
const complete = () => assert.equal(members.length, KINDS.length, 'somebody is missing');

test('all messages arrive, once, in order, unchanged', { timeout: 180_000 }, async () => {
  complete();
  await Promise.all(members.map(async (member) => {
    for (const message of script(member))
      await member.send(message);
  }));
  for (const receiver of members) {
    const count = expectedCount(receiver);
    await receiver.until(() => received(receiver).length >= count, `getting ${count} messages`)
      .catch((error) => { throw new Error(`${error.message}: ${received(receiver).length} came`); });
  }
  for (const receiver of members) {
    const got = received(receiver);
    assert.equal(got.length, expectedCount(receiver), `${receiver.name}: how many`);
    for (const sender of members.filter((member) => member !== receiver)) {
      const from = got.filter((message) => message.size > 0 && owner(message) === sender.name).map(summary);
      assert.deepEqual(from, expectedFrom(sender, receiver), `${sender.name} to ${receiver.name}`);
    }
    const others = members.length - 1;
    const empties = ['text', 'binary'].map((kind) => got.filter((message) => message.size === 0 && message.kind === kind).length);
    assert.deepEqual(empties, [2 * others, others], `${receiver.name}: empty messages`);
  }
});

test('what is too large for a receiver is noticed to its sender', { timeout: 60_000 }, async () => {
  complete();
  const small = members.filter(({ max }) => max < LARGE);
  for (const sender of members) {
    const kept = sender.max >= LARGE && small.some((receiver) => receiver !== sender);
    const noticed = () => sender.notices.filter(({ code }) => code === 'too-large').length;
    if (kept)
      await sender.until(() => noticed() > 0, 'a notice');
    else
      assert.equal(noticed(), 0, sender.name);
  }
});

test('people read what others wrote, and see who is here and how', { timeout: 60_000 }, async () => {
  complete();
  for (const page of pages())
    await page.say(`This is ${page.name}.`);
  for (const page of pages()) {
    const expected = pages().map(({ name }) => `${name === page.name ? 'You' : name}: This is ${name}.`).sort();
    await page.page.waitForFunction(
      (count) => [...document.querySelectorAll('#log .body')].filter((body) => body.textContent.startsWith('This is ')).length >= count,
      POLLING, expected.length);
    const lines = (await page.read()).filter((line) => line.includes(': This is '));
    assert.deepEqual(lines.sort(), expected);
  }
  for (const page of pages()) {
    await page.page.waitForFunction(
      (count) => [...document.querySelectorAll('#people .how')].filter((how) => how.textContent.startsWith('direct, UDP')).length === count,
      POLLING, pages().length);
    const people = await page.people();
    assert.deepEqual(Object.keys(people).sort(), members.map(({ name }) => name).sort());
    assert.equal(await page.page.$eval('#state .word', (word) => word.textContent), 'Connected');
    await page.shoot(`room-${page.name}`);
  }
});

test('who leaves is seen to leave, and the server ends well', { timeout: 60_000 }, async () => {
  complete();
  const [first, ...rest] = [...members].reverse();
  await first.quit();
  for (const page of pages().filter((page) => page !== first))
    await page.page.waitForFunction((name) => document.getElementById('log').textContent.includes(`${name} left.`), POLLING, first.name);
  for (const member of rest)
    await member.quit();
  for (const page of pages())
    assert.deepEqual(page.complaints, [], page.name);
  assert.equal(await daemon.stop(), 0);
});
