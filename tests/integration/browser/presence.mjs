/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What members say about themselves, and leave behind: two rooms of the module in Chromium, against the real server.
 * With --full a browser is killed, which the relay learns by silence only.
 */

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { parseArgs } from 'node:util';

import { POLLING, PageParticipant, launch } from './browsers.mjs';
import { Daemon } from './daemon.mjs';

const { values } = parseArgs({ options: { full: { type: 'boolean', default: false } } });
const ROOM = 'presence';

const browsers = [];
let daemon;
let ann;

/* Runs in the page: a member more, whose story is kept. */
const joinAs = async (url, room, name, attributes, will) => {
  const { Wherry } = await import(`${url}wherry.js`);
  const story = [];
  const member = Wherry.room(url, room, { name, attributes, will });
  for (const type of ['member-joined', 'member-changed', 'member-left']) {
    member.addEventListener(type, ({ member: { name: who, attributes: about }, reason }) => {
      story.push([type, who, reason ?? about]);
    });
  }
  const news = member.channel('news');
  news.addEventListener('message', ({ data }) => story.push(['news', data]));
  await member.join();
  await news.ready();
  window[name] = { member, news, story };
};

const start = async () => {
  const browser = await launch('chromium');
  browsers.push(browser);
  const page = await browser.newPage();
  await page.goto(`${daemon.url}healthz`); /* a page of nothing, with the server's origin */
  return page;
};

const hears = (page, name, n) => page.waitForFunction((who, count) => window[who].story.length >= count, { ...POLLING, timeout: 60_000 }, name, n)
  .then(() => page.evaluate((who) => window[who].story, name));

before(async () => {
  daemon = await Daemon.start();
  ann = await start();
}, { timeout: 120_000 });

after(async () => {
  for (const browser of browsers)
    await browser.close();
  daemon?.kill('SIGKILL');
}, { timeout: 60_000 });

test('attributes are told to who is there and who comes', { timeout: 60_000 }, async () => {
  await ann.evaluate(joinAs, daemon.url, ROOM, 'ann', { seat: 1 });
  await ann.evaluate(joinAs, daemon.url, ROOM, 'bob', { seat: 2, 'k\u00e4se': ['☕', null] });
  assert.deepEqual(await ann.evaluate(() => [...window.bob.member.members.values()].map((member) => member.attributes)), [{ seat: 1 }]);
  await ann.evaluate(() => window.bob.member.setAttributes({ seat: 3 }));
  assert.deepEqual(await hears(ann, 'ann', 2), [
    ['member-joined', 'bob', { seat: 2, 'k\u00e4se': ['☕', null] }],
    ['member-changed', 'bob', { seat: 3 }],
  ]);
  assert.equal(await ann.evaluate(() => window.bob.member.setAttributes({ x: 'x'.repeat(5000) }).catch(({ code }) => code)), 'too-large');
  await ann.evaluate(() => window.bob.member.leave());
  assert.deepEqual((await hears(ann, 'ann', 3)).at(-1), ['member-left', 'bob', 'left']);
});

test('the page shows what members say', { timeout: 60_000 }, async () => {
  const browser = browsers[0];
  const cid = await PageParticipant.start('chromium', browser, { url: daemon.url, room: ROOM, name: 'Cid' });
  await ann.evaluate(() => window.ann.member.setAttributes({ role: 'host', seat: 7 }));
  await cid.page.waitForFunction(() => document.querySelector('#people .about')?.textContent === 'role: host · seat: 7', POLLING);
  await cid.shoot('presence');
  assert.deepEqual(cid.complaints, []);
  cid.kill();
  await cid.page.close();
});

if (values.full)
  test('the will of a killed browser', { timeout: 120_000 }, async () => {
    const page = await start();
    await ann.evaluate(() => window.ann.story.splice(0));
    await page.evaluate(joinAs, daemon.url, ROOM, 'dan', {}, { topic: 'news', data: 'dan is gone' });
    await page.evaluate(() => window.dan.news.send('hello'));
    assert.deepEqual(await hears(ann, 'ann', 2), [['member-joined', 'dan', {}], ['news', 'hello']]);
    browsers.pop().process().kill('SIGKILL');
    /* they come by different ways: which is first is nobody's promise */
    assert.deepEqual((await hears(ann, 'ann', 4)).slice(2).sort(), [['member-left', 'dan', 'failed'], ['news', 'dan is gone']]);
  });

