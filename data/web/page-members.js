/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who is here, how each is connected, and how far away. */

import { aboutWords, milliseconds, nameOf, pairDetail, pairWords, stateWord } from './page-words.js';

const MOST_ROWS = 200;

const row = ({ id, name, state, words, detail, about, own }) => {
  const item = document.createElement('li');
  item.className = `person ${state}`;
  item.dataset.id = id;
  const dot = document.createElement('span');
  dot.className = 'dot';
  dot.setAttribute('aria-hidden', 'true');
  const who = document.createElement('span');
  who.className = 'who';
  who.textContent = name;
  if (own) {
    const you = document.createElement('span');
    you.className = 'faint';
    you.textContent = ' (you)';
    who.append(you);
  }
  const how = document.createElement('span');
  how.className = 'how';
  how.textContent = words;
  how.title = detail;
  item.append(dot, who, how);
  if (about) {
    const says = document.createElement('span');
    says.className = 'how about';
    says.textContent = about;
    item.append(says);
  }
  return item;
};

const joinWords = (...words) => words.filter(Boolean).join(' · ');

const wordsOf = (member, told) => {
  if (member.state === 'away')
    return 'connection lost, may come back';
  if (!told)
    return 'says nothing about its connection';
  return joinWords(pairWords(told.pair) || 'connected', told.rtt !== null ? milliseconds(told.rtt) : '');
};

export class MemberList {
  #list;
  #count;
  #drawn = '';

  constructor(list, count) {
    this.#list = list;
    this.#count = count;
  }

  /** `room`: WherryRoom; `people`: what others told about their connection; `own`: {name, pair, rtt}. */
  show(room, people, own) {
    const self = {
      id: room.id ?? '',
      name: nameOf(own.name, room.id),
      state: room.state === 'connected' ? 'here' : 'away',
      words: room.state === 'connected'
        ? joinWords(pairWords(own.pair) || 'connected', own.rtt !== null ? milliseconds(own.rtt) : '')
        : stateWord[room.state].toLowerCase(),
      detail: pairDetail(own.pair),
      about: aboutWords(room.attributes),
      own: true,
    };
    const others = [...room.members.values()].map((member) => ({
      id: member.id,
      name: nameOf(member.name, member.id),
      state: member.state,
      words: wordsOf(member, people.get(member.id)),
      detail: pairDetail(people.get(member.id)?.pair),
      about: aboutWords(member.attributes),
      own: false,
    }));
    others.sort((a, b) => a.name.localeCompare(b.name) || a.id.localeCompare(b.id));
    const rows = [self, ...others];
    const drawn = JSON.stringify(rows);
    if (drawn === this.#drawn)
      return; /* a list that is rebuilt for nothing takes the pointer's tooltip away */
    this.#drawn = drawn;
    const items = rows.slice(0, MOST_ROWS).map(row);
    if (rows.length > MOST_ROWS) {
      const rest = document.createElement('li');
      rest.className = 'faint';
      rest.textContent = `and ${rows.length - MOST_ROWS} more`;
      items.push(rest);
    }
    this.#list.replaceChildren(...items);
    this.#count.textContent = String(rows.length);
  }
}
