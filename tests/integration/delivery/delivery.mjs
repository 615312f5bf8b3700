/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Members in Chromium and on pion, on machines (network namespaces) whose way to wherryd is slow, loses packets and is cut
 * by a seeded schedule, and two that are beside it. They say numbered things to everybody and to each other, and
 * come back as who they were; what each of them heard is compared message by message. WHERRY_SEED=N replays a schedule.
 */

import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { randomInt } from 'node:crypto';
import readline from 'node:readline';
import { test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';

import { launch } from '../browser/browsers.mjs';
import { Listener, PageMember, PionMembers } from './members.mjs';
import { Machine, Wire } from './network.mjs';
import { newest, numbers, pairs, presence, sameOrder } from './promises.mjs';
import { randomOf, schedule } from './schedule.mjs';

const { values } = parseArgs({ options: { full: { type: 'boolean', default: false } } });
const CUTS = values.full ? 8 : 2;
const LONGEST_S = values.full ? 12 : 5;
const ROUNDS = values.full && !process.env.WHERRY_SEED ? 5 : 1;
const FRESH = { limit: 5000, back: 15_000 }; /* ms */

/* a machine of its own, for Chromium */
if (!process.env.WHERRY_OWN_MACHINE) {
  const { status } = spawnSync('unshare', ['-n', process.execPath, ...process.execArgv, ...process.argv.slice(1)], {
    stdio: 'inherit', env: { ...process.env, WHERRY_OWN_MACHINE: '1' },
  });
  process.exit(status ?? 1);
}

const startDaemon = (machine) => new Promise((resolve, reject) => {
  /* what gathers for who is cut off has to have room, or that one leaves as slow: not what is tried here */
  const [program, ...words] = machine.on(process.env.WHERRYD, '--listen', '0.0.0.0:0', '--insecure-open', '--resume-window-ms', '60000',
    '--outbox-bytes', '16M', '--member-bytes', '32M', '--resume-bytes', '16M');
  const child = spawn(program, words, { stdio: ['ignore', 'pipe', 'inherit'] });
  child.once('exit', (code) => reject(new Error(`wherryd ended: ${code}`)));
  readline.createInterface({ input: child.stdout }).on('line', (line) => {
    const port = line.match(/listening on http:\S+:(\d+)/)?.[1];
    if (port)
      resolve({ child, port });
  });
});

/* The server's machine, and those of two groups of members. Wires last as long as they. */
const build = async (seed, plans) => {
  const server = await Machine.start();
  server.ip('link set lo up');
  server.ip('link add still0 type veth peer name still1');
  server.ip('addr add 10.78.9.1/24 dev still0');
  server.ip('link set still0 up');
  server.ip('link set still1 up');
  const far = await Machine.start();
  const wires = [Machine.here(), far].map((members, i) => new Wire(members, server,
    { net: i + 1, loss: plans[i].loss, seed: seed + i, program: process.env.WHERRY_SLOW_WIRE }));
  for (const wire of wires)
    await wire.start();
  return { server, far, wires };
};

/* Resolves with when the path was bad: [[from, to]] in ms of the clock. */
const cutUp = async (t, wire, port, { cuts }) => {
  const start = Date.now();
  const bad = [];
  for (const { at, kind, seconds } of cuts) {
    await pause(Math.max(0, start + at * 1000 - Date.now()));
    const from = Date.now();
    wire.cut(kind, port);
    await pause(seconds * 1000);
    wire.mend(kind);
    bad.push([from, Date.now()]);
    t.diagnostic(`${wire.far}: ${kind} for ${seconds.toFixed(1)} s at ${at.toFixed(1)} s`);
  }
  return bad;
};

const askAll = async (groups, what) => (await Promise.all(groups.map((group) => group.ask(what)))).flat();

/* Everybody has as much as was said; or the time is up, and what is missing will be told. */
const settle = async (t, groups) => {
  let late = [];
  for (const end = Date.now() + 45_000; Date.now() < end; await pause(100)) {
    const all = await askAll(groups, 'count');
    const due = (to) => all.filter((from) => from !== to).reduce((sum, from) => sum + from.all + (from.you[to.id] ?? 0), 0);
    late = all.filter((to) => to.heard < due(to) || to.away > 0).map((to) => `${to.name} has ${to.heard} of ${due(to)}, ${to.away ?? 0} are away`);
    if (late.length === 0)
      return;
  }
  t.diagnostic(`not settled: ${late.join(', ')}`);
};

/* Who was surely cut off came back, and who never was did not have to. */
const mayResume = (name, plans) => {
  if (name.startsWith('still'))
    return [false];
  return plans[name.startsWith('far') ? 1 : 0].surely ? [true] : [true, false];
};

const oneRound = async (t, seed) => {
  const random = randomOf(seed);
  const plans = [schedule(random, CUTS, LONGEST_S), schedule(random, CUTS, LONGEST_S)];
  const begun = Date.now();
  const { server, far, wires } = await build(seed, plans);
  t.diagnostic(`WHERRY_SEED=${seed}, ${wires[0].kind}, loss ${plans.map(({ loss }) => loss.toFixed(3)).join(' and ')}`);
  const { child: daemon, port } = await startDaemon(server);
  const url = (wire) => `http://${wire.serverAddress}:${port}/`;
  const browser = await launch('chromium', { args: ['--no-sandbox', '--disable-background-timer-throttling', '--disable-renderer-backgrounding'] });
  const groups = [];
  try {
    const still = await PionMembers.start(server, { url: `http://10.78.9.1:${port}/`, names: ['still-1', 'still-2'], through: 'still0', pulse: true });
    groups.push(still);
    groups.push(await PionMembers.start(far, { url: url(wires[1]), names: ['far-1', 'far-2'], through: wires[1].near }));
    for (const name of ['page-1', 'page-2'])
      groups.push(await PageMember.start(browser, url(wires[0]), name));
    const listener = await Listener.start(browser, url(wires[0]));
    const ids = groups.flatMap((group) => group.ids);
    t.diagnostic(`${ids.length} members after ${Date.now() - begun} ms`);

    for (const group of groups)
      await group.talk(ids);
    const start = Date.now();
    const [bad] = await Promise.all(plans.map((plan, i) => cutUp(t, wires[i], port, plan)));
    groups[1].drop('far-1'); /* comes back while its old connection lives */
    for (const group of groups)
      await group.quiet();
    await settle(t, groups);
    await listener.fresh().catch(() => {});

    const logs = await askAll(groups, 'log');
    const heard = await listener.log();
    const good = bad.map(([, to], i) => [to, bad[i + 1]?.[0] ?? heard.now]);
    const fresh = newest(heard, good, FRESH);
    t.diagnostic(`${logs.map(({ name, heard: list, resumes }) => `${name} heard ${list.length} (${list.filter((entry) => entry[4] & 2).length} replayed), came back ${resumes}`).join('; ')}`);
    t.diagnostic(`lossy: ${heard.heard.length} heard, newest again after ${fresh.times.join(', ')} ms; ${((Date.now() - start) / 1000).toFixed(1)} s`);
    assert.deepEqual({
      told: [...groups.flatMap((group) => group.problems), ...logs.flatMap(({ name, problems }) => (problems ?? []).map((text) => `${name}: ${text}`))],
      pairs: pairs(logs), numbers: numbers(logs), presence: presence(logs), order: sameOrder(logs.slice(0, 2)), newest: fresh.problems,
      unacked: logs.filter(({ own, acked }) => own !== acked).map(({ name, own, acked }) => `${name}: ${acked} of ${own}`),
      resumes: logs.filter(({ name, resumes }) => !mayResume(name, plans).includes(resumes > 0)).map(({ name, resumes }) => `${name}: ${resumes}`),
    }, { told: [], pairs: [], numbers: [], presence: [], order: [], newest: [], unacked: [], resumes: [] });

    await listener.end();
    for (const group of groups)
      await group.end();
    const ended = new Promise((resolve) => { daemon.once('exit', resolve); });
    daemon.kill('SIGTERM');
    assert.equal(await ended, 0);
  } finally {
    await browser.close();
    daemon.kill('SIGKILL');
    groups.forEach((group) => group.kill?.());
    wires.forEach((wire) => wire.end());
    server.end();
    far.end();
  }
};

const first = Number(process.env.WHERRY_SEED ?? 0) || randomInt(1, 2 ** 31);
for (let i = 0; i < ROUNDS; i += 1) {
  test(`${CUTS} cuts each of two networks, round ${i + 1}: the promises hold`, { timeout: 170_000 + CUTS * 20_000 },
    (t) => oneRound(t, first + i));
}
