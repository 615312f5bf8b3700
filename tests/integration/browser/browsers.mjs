/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Headless Chromium and Firefox, and members of rooms that are the built-in page in one of them. */

import puppeteer from 'puppeteer-core';

import { Participant } from './participant.mjs';

/* Without these two Firefox refuses a server that offers nothing but 127.0.0.1. */
const FIREFOX_PREFS = {
  'media.peerconnection.ice.loopback': true,
  'media.peerconnection.ice.obfuscate_host_addresses': false,
};

const WIDTH = 1200;
const HEIGHT = 800;

/* A page in the background is drawn by nobody: waiting for its next frame (the default) would be for
 * ever. */
export const POLLING = { polling: 50 };

export const executable = (kind) => (kind === 'firefox'
  ? process.env.FIREFOX ?? '/usr/bin/firefox-esr'
  : process.env.CHROMIUM ?? '/usr/bin/chromium');

/** `prefs`: settings of Firefox; the rest is puppeteer's. */
export const launch = (kind, { prefs = {}, ...options } = {}) => (kind === 'firefox'
  ? puppeteer.launch({
    browser: 'firefox', executablePath: executable(kind), headless: true, extraPrefsFirefox: { ...FIREFOX_PREFS, ...prefs },
    /* the window's own size: older Firefox lacks what puppeteer's viewport asks of it */
    args: [`--width=${WIDTH}`, `--height=${HEIGHT}`], defaultViewport: null, ...options,
  })
  : puppeteer.launch({
    browser: 'chrome', executablePath: executable(kind), headless: true, args: ['--no-sandbox'],
    defaultViewport: { width: WIDTH, height: HEIGHT }, ...options,
  }));

/* Runs in the page: everything that arrives is kept in order with its hash, for drain() to fetch. */
const listen = () => {
  const { room } = window.wherry;
  const channel = room.channel('room-test');
  const test = { events: [], channel, sent: Promise.resolve() };
  let order = Promise.resolve();
  window.testOfRoom = test;
  const take = async (data) => {
    const text = typeof data === 'string';
    const bytes = text ? new TextEncoder().encode(data) : new Uint8Array(data);
    const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
    const head = new TextDecoder().decode(bytes.subarray(0, 24));
    test.events.push({
      event: 'message',
      kind: text ? 'text' : 'binary',
      size: bytes.byteLength,
      sha256: [...hash].map((byte) => byte.toString(16).padStart(2, '0')).join(''),
      head: head.slice(0, head.lastIndexOf(':') + 1),
    });
  };
  channel.addEventListener('message', ({ data }) => { order = order.then(() => take(data)); });
  room.addEventListener('notice', ({ notice }) => test.events.push({ event: 'notice', data: notice }));
  return channel.ready().then(() => ({ id: room.id, max: room.maxMessageSize }));
};

/* Runs in the page: the bytes of participant.md. Returns before it is sent, so that all send at once. */
const sendOne = (kind, head, size) => {
  const bytes = new Uint8Array(size);
  for (let at = 0; at < size; at += 1)
    bytes[at] = at < head.length ? head.charCodeAt(at) : 97 + (at % 26);
  window.testOfRoom.channel.send(kind === 'text' ? new TextDecoder().decode(bytes) : bytes);
};

export class PageParticipant extends Participant {
  #timer = null;

  /** Joins as a person would: opens the address with the room in it, types a name, presses Enter. */
  static async start(kind, browser, { url, room, name }) {
    const self = new PageParticipant(kind, name);
    self.page = await browser.newPage();
    self.complaints = [];
    self.page.on('pageerror', (error) => self.complaints.push(error.message));
    self.page.on('console', (message) => {
      if (message.type() === 'error')
        self.complaints.push(message.text());
    });
    await self.page.goto(`${url}#${encodeURIComponent(room)}`);
    await self.page.click('#name', { count: 3 }); /* tabs share a remembered name: type over it */
    await self.page.keyboard.type(name);
    await self.page.keyboard.press('Enter');
    await self.page.waitForFunction(
      () => window.wherry.room?.state === 'connected' || !document.getElementById('join-problem').hidden,
      { ...POLLING, timeout: 60_000 });
    const problem = await self.page.$eval('#join-problem', (box) => (box.hidden ? '' : box.textContent.trim()));
    if (problem)
      throw new Error(`${name} did not get in: ${problem}`);
    Object.assign(self, await self.page.evaluate(listen));
    self.#timer = setInterval(() => self.#drain(), 100);
    return self;
  }

  async #drain() {
    try {
      for (const event of await this.page.evaluate(() => window.testOfRoom.events.splice(0)))
        this.note(event);
    } catch (error) {
      if (this.#timer !== null)
        this.note({ event: 'error', message: error.message });
    }
  }

  async send({ kind, head, size }) {
    await this.page.evaluate(sendOne, kind, head, size);
  }

  /** Types a line of chat and sends it with Enter. */
  async say(text) {
    await this.page.focus('#text');
    await this.page.keyboard.type(text);
    await this.page.keyboard.press('Enter');
  }

  /** The lines of the log as a person reads them. */
  async read() {
    return this.page.$$eval('#log .entry', (entries) => entries.flatMap((entry) => {
      const who = entry.querySelector('.who').textContent;
      return [...entry.querySelectorAll('.body')].map((body) => `${who}: ${body.textContent}`);
    }));
  }

  /** Who is here and how, as the page tells it: name -> words. */
  async people() {
    return Object.fromEntries(await this.page.$$eval('#people .person', (rows) => rows.map((row) => [
      row.querySelector('.who').textContent.replace(' (you)', ''), row.querySelector('.how').textContent,
    ])));
  }

  async shoot(name) {
    if (process.env.WHERRY_SHOTS)
      await this.page.screenshot({ path: `${process.env.WHERRY_SHOTS}/${name}.png` });
  }

  /** Leaves with the Escape key. */
  async quit() {
    clearInterval(this.#timer);
    this.#timer = null;
    await this.page.keyboard.press('Escape');
    await this.page.waitForFunction(() => !document.getElementById('welcome').hidden && window.wherry.room === null, POLLING);
  }

  kill() {
    clearInterval(this.#timer);
    this.#timer = null;
  }
}
