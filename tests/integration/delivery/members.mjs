/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The members: processes with some on pion each, and pages in Chromium. */

import { spawn } from 'node:child_process';
import readline from 'node:readline';

import { POLLING } from '../browser/browsers.mjs';

export const ROOM = 'delivery';
const EVERY_MS = 50; /* a message to everybody, and one to the next of the others */

/** wherry-pion resume: see tests/interop/pion/resume.go. */
export class PionMembers {
  #child;
  #waiting = [];
  #known = new Map();
  problems = [];

  static async start(machine, { url, names, through, pulse = false }) {
    const self = new PionMembers();
    self.names = names;
    const [program, ...words] = machine.on(process.env.WHERRY_PION, 'resume', '--server', url, '--room', ROOM, '--names', names.join(','), '--interface', through,
      '--rate', String(1000 / EVERY_MS), ...(pulse ? ['--pulse'] : []));
    self.#child = spawn(program, words, { stdio: ['pipe', 'pipe', 'inherit'] });
    self.#child.once('exit', (code) => self.#on({ event: 'error', message: `wherry-pion ended: ${code}` }));
    readline.createInterface({ input: self.#child.stdout }).on('line', (line) => {
      if (line.startsWith('{'))
        self.#on(JSON.parse(line));
    });
    while (self.#known.size < names.length)
      await self.#next('up');
    return self;
  }

  #on(event) {
    if (event.event === 'error')
      this.problems.push(event.message);
    if (event.event === 'up')
      this.#known.set(event.name, event.id);
    if (event.event === 'error')
      this.#waiting.splice(0).forEach(({ reject }) => reject(new Error(event.message)));
    const first = this.#waiting.findIndex(({ kind }) => kind === event.event);
    if (first >= 0)
      this.#waiting.splice(first, 1)[0].resolve(event);
  }

  #next(kind) {
    return new Promise((resolve, reject) => { this.#waiting.push({ kind, resolve, reject }); });
  }

  #tell(words) { this.#child.stdin.write(`${words}\n`); }

  get ids() { return this.names.map((name) => this.#known.get(name)); }

  async talk(ids) { this.#tell(`talk ${ids.join(',')}`); }
  async quiet() { this.#tell('talk'); }
  drop(name) { this.#tell(`drop ${name}`); }

  /** Of each member what it has: `what` is "count" or "log". */
  async ask(what) {
    const answers = this.names.map(() => this.#next(what)); /* in the order of asking */
    this.#tell(what);
    return Promise.all(answers);
  }

  async end() {
    const gone = new Promise((resolve) => { this.#child.once('exit', resolve); });
    this.#tell('quit');
    await gone;
  }

  kill() { this.#child.kill('SIGKILL'); }
}

/* Runs in the page. */
const joinTalk = async (name, room) => {
  const { Wherry } = await import('/wherry.js');
  const mine = { name, heard: [], presence: [], problems: [], resumes: 0, all: 0, you: {} };
  const textOf = (kind, number) => `${kind} ${number} ${'x'.repeat(number % 50 === 0 ? 8000 : (number * 37) % 600)}`;
  class Recorded extends WebSocket {
    constructor(...words) {
      super(...words);
      this.addEventListener('message', ({ data }) => {
        const frame = JSON.parse(data);
        if (frame.type === 'joined' || frame.type === 'left' || frame.type.startsWith('member-'))
          mine.presence.push({ ...frame, resume: null });
      });
    }
  }
  const member = Wherry.room(location.href, room, { name, resume: true, tunnel: false, mirror: false, WebSocket: Recorded,
    reconnect: { minDelay: 100, maxDelay: 1000 } });
  member.addEventListener('resumed', () => { mine.resumes += 1; });
  member.addEventListener('gap', () => mine.problems.push('a gap'));
  member.addEventListener('notice', ({ notice }) => mine.problems.push(`notice ${notice.code}: ${notice.message}`));
  const channel = member.channel('talk');
  channel.addEventListener('message', ({ data, from, sequence, replayed, direct }) => {
    const [kind, number] = data.split(' ', 2);
    if (data !== textOf(kind, Number(number)))
      mine.problems.push(`a damaged message of ${data.length} characters`);
    mine.heard.push([sequence, from, kind, Number(number), (replayed ? 2 : 0) | (direct ? 4 : 0)]);
  });
  await member.join();
  await channel.ready();
  const speak = () => {
    if (member.signalingOpen) /* or nobody would notice that the socket is dead */
      member.ping().catch(() => {});
  };
  setInterval(speak, 1000);
  window.count = () => ({ ...mine, id: member.id, heard: mine.heard.length, presence: null,
    away: [...member.members.values()].filter(({ state }) => state !== 'here').length });
  window.log = () => ({ ...mine, id: member.id, members: [...member.members.values()].map(({ id, state }) => `${id} ${state}`) });
  window.leave = () => member.leave();
  window.talk = (ids, every) => {
    let turn = 0;
    const timer = setInterval(() => {
      try {
        mine.all += 1;
        channel.send(textOf('all', mine.all));
        turn += 1;
        const to = ids[turn % ids.length];
        if (to === member.id)
          return;
        mine.you[to] = (mine.you[to] ?? 0) + 1;
        channel.send(textOf('you', mine.you[to]), { to });
      } catch (error) {
        mine.problems.push(error.message);
        clearInterval(timer);
      }
    }, every);
    window.quiet = () => clearInterval(timer);
  };
};

export class PageMember {
  problems = [];

  static async start(browser, url, name) {
    const self = new PageMember();
    self.names = [name];
    self.page = await browser.newPage();
    self.page.on('pageerror', (error) => self.problems.push(`${name}: ${error.message}`));
    await self.page.goto(url);
    await self.page.evaluate(joinTalk, name, ROOM);
    self.ids = [await self.page.evaluate(() => window.log().id)];
    return self;
  }

  async talk(ids) { await this.page.evaluate((to, every) => window.talk(to, every), ids, EVERY_MS); }
  async quiet() { await this.page.evaluate(() => window.quiet()); }
  async ask(what) { return [await this.page.evaluate((name) => window[name](), what)]; }
  async end() { await this.page.evaluate(() => window.leave()); }
}

/* Runs in the page: a member on a channel that loses. */
const joinPulse = async (room) => {
  const { Wherry } = await import('/wherry.js');
  const mine = { heard: [], states: [], problems: [] };
  const member = Wherry.room(location.href, room, { name: 'listener', mirror: false, tunnel: false, reconnect: { minDelay: 100, maxDelay: 1000 } });
  const channel = member.channel('pulse', { ordered: true, maxRetransmits: 0 });
  member.addEventListener('state', ({ state }) => mine.states.push([Date.now(), state]));
  channel.addEventListener('message', ({ data }) => {
    const [number, sent] = data.split(' ').map(Number);
    mine.heard.push([Date.now(), number, sent]);
  });
  window.log = () => ({ ...mine, now: Date.now() });
  window.age = () => Date.now() - (mine.heard.at(-1)?.[2] ?? 0);
  window.leave = () => member.leave();
  await member.join();
};

export class Listener {
  static async start(browser, url) {
    const self = new Listener();
    self.page = await browser.newPage();
    await self.page.goto(url);
    await self.page.evaluate(joinPulse, ROOM);
    await self.fresh();
    return self;
  }

  /** What is heard now was said within the last second. */
  async fresh() { await this.page.waitForFunction(() => window.age() < 1000, { ...POLLING, timeout: 30_000 }); }
  async log() { return this.page.evaluate(() => window.log()); }
  async end() { await this.page.evaluate(() => window.leave()); }
}
