/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The log of messages. Everything that came from the network is set as text, never as markup. */

import { bytes, clock, nameOf } from './page-words.js';

const MOST_ENTRIES = 500;
const GROUP_MS = 3 * 60_000; /* lines of one sender this close together share a heading */
const PICTURES = new Set(['image/png', 'image/jpeg', 'image/gif', 'image/webp']);

const element = (name, className, text) => {
  const made = document.createElement(name);
  if (className)
    made.className = className;
  if (text !== undefined)
    made.textContent = text;
  return made;
};

/* What a program may have sent: text as it is, anything else in words and as something to save. */
const bodyOf = (data) => {
  if (typeof data === 'string')
    return data === '' ? element('p', 'body faint', '(an empty message)') : element('p', 'body', data);
  if (data.byteLength === 0)
    return element('p', 'body faint', '(an empty binary message)');
  return null;
};

const fileBody = ({ file, mime, body }) => {
  const box = element('div', 'body file');
  const url = URL.createObjectURL(new Blob([body], { type: PICTURES.has(mime) ? mime : 'application/octet-stream' }));
  if (PICTURES.has(mime)) {
    const picture = element('img', 'picture');
    picture.src = url;
    picture.alt = file;
    box.append(picture);
  }
  const link = element('a', 'save', file);
  link.href = url;
  link.download = file.replace(/[/\\]/g, '_');
  box.append(link, element('span', 'faint', bytes(body.byteLength)));
  return box;
};

const keyOf = ({ from, name, topic, own }) => `${own}|${from}|${name}|${topic ?? ''}`;

const runBody = ({ topic }, data, { count, bytes: total }) => {
  const box = fileBody({ file: `${topic ?? 'message'}.bin`, mime: '', body: data });
  if (count > 1)
    box.append(element('span', 'faint', `the last of ${count} binary messages, ${bytes(total)} together`));
  return box;
};

export class ChatLog {
  #log;
  #empty;
  #last = null;
  #stick = true;

  constructor(log, empty) {
    this.#log = log;
    this.#empty = empty;
    log.addEventListener('scroll', () => { this.#stick = this.#atEnd(); });
    new ResizeObserver(() => this.settle()).observe(log);
  }

  /** After something around the log has changed its height: the end stays in view if it was. */
  settle() {
    if (this.#stick)
      this.#log.scrollTop = this.#log.scrollHeight;
  }

  clear() {
    for (const link of this.#log.querySelectorAll('a.save'))
      URL.revokeObjectURL(link.href);
    this.#log.replaceChildren(this.#empty);
    this.#empty.hidden = false;
    this.#last = null;
  }

  /** A line of somebody; `own` puts it on the other side. `topic` only where it is not the chat. */
  said({ from, name, text, topic }, own = false) {
    const body = bodyOf(text);
    if (body)
      this.#entry({ from, name, topic, own }, body);
    else
      this.#binary({ from, name, topic, own }, text);
  }

  file(file, own = false) {
    this.#entry({ from: file.from, name: file.name, own }, fileBody(file));
  }

  /** What happened, in the middle: somebody came, something was lost. */
  note(text, kind = '') {
    this.#last = null;
    this.#append(element('p', `note ${kind}`, text));
  }

  /* A program that sends a stream of binary messages gets one line that counts them. */
  #binary(sender, data) {
    const run = this.#last?.run;
    if (run && this.#last.key === keyOf(sender)) {
      run.count += 1;
      run.bytes += data.byteLength;
      URL.revokeObjectURL(run.body.querySelector('a').href);
      run.body.replaceChildren(...runBody(sender, data, run).childNodes);
      this.#last.at = new Date();
      this.settle();
      return;
    }
    const fresh = { count: 1, bytes: data.byteLength, body: null };
    fresh.body = runBody(sender, data, fresh);
    this.#entry(sender, fresh.body);
    this.#last.run = fresh;
  }

  #entry(sender, body) {
    const { from, name, topic, own } = sender;
    const now = new Date();
    const key = keyOf(sender);
    if (this.#last?.key === key && now - this.#last.at < GROUP_MS) {
      this.#last.bubbles.append(body);
      this.#last.at = now;
      this.#last.run = null;
      this.#follow(own);
      return;
    }
    const entry = element('article', own ? 'entry own' : 'entry');
    const heading = element('p', 'heading');
    heading.append(element('span', 'who', own ? 'You' : nameOf(name, from)));
    if (topic)
      heading.append(element('span', 'topic', topic));
    const time = element('time', 'when', clock(now));
    time.dateTime = now.toISOString();
    heading.append(time);
    const bubbles = element('div', 'bubbles');
    bubbles.append(body);
    entry.append(heading, bubbles);
    this.#last = { key, at: now, bubbles, run: null };
    this.#append(entry, own);
  }

  #append(node, own = false) {
    this.#empty.hidden = true;
    this.#log.append(node);
    while (this.#log.childElementCount > MOST_ENTRIES + 1)
      this.#dropOldest();
    this.#follow(own);
  }

  #dropOldest() {
    const oldest = this.#log.children[1]; /* the first is the text of the empty log */
    for (const link of oldest.querySelectorAll('a.save'))
      URL.revokeObjectURL(link.href);
    oldest.remove();
  }

  /* Whoever reads further up is left there, unless it was oneself who spoke. */
  #follow(own) {
    this.#stick ||= own;
    this.settle();
  }

  #atEnd() {
    return this.#log.scrollHeight - this.#log.scrollTop - this.#log.clientHeight < 80;
  }
}
