/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What was promised, checked against what the members wrote down. Each log: { id, name, all, you, heard, presence, problems },
 * `heard` being [number, from, kind, the sender's count, flags].
 */

const DIRECT = 4;
const MOST = 20; /* problems told */

const isRising = (numbers) => numbers.every((number, i) => i === 0 || number > numbers[i - 1]);

/** Each pair: nothing lost, nothing twice, nothing out of order. */
export const pairs = (logs) => {
  const problems = [];
  for (const to of logs) {
    const next = new Map();
    for (const [number, from, kind, count, flags] of to.heard) {
      const key = `${from} ${kind}`;
      const expected = (next.get(key) ?? 0) + 1;
      if (count !== expected)
        problems.push(`${to.name}: ${key} ${count} (number ${number}, flags ${flags}) in place of ${expected}`);
      if (((flags & DIRECT) !== 0) !== (kind === 'you'))
        problems.push(`${to.name}: ${key} ${count} with flags ${flags}`);
      next.set(key, count);
    }
    for (const from of logs.filter((log) => log !== to)) {
      for (const [kind, said] of [['all', from.all], ['you', from.you[to.id] ?? 0]]) {
        const got = next.get(`${from.id} ${kind}`) ?? 0;
        next.delete(`${from.id} ${kind}`);
        if (got !== said)
          problems.push(`${to.name}: ${got} of ${from.name}'s ${said} (${kind})`);
      }
    }
    next.forEach((count, key) => problems.push(`${to.name}: ${count} from ${key}, who did not say that`));
  }
  return problems.slice(0, MOST);
};

/** A topic's number is one message for everybody; it rises, and leaves out nothing but one's own. */
export const numbers = (logs) => {
  const problems = [];
  const meaning = new Map();
  for (const { name, heard } of logs) {
    for (const [number, from, kind, count, flags] of heard.filter((entry) => !(entry[4] & DIRECT))) {
      const message = `${from} ${kind} ${count}`;
      if (meaning.has(number) && meaning.get(number) !== message)
        problems.push(`${name}: number ${number} is ${message} and ${meaning.get(number)} (flags ${flags})`);
      meaning.set(number, message);
    }
  }
  const inOrder = [...meaning.keys()].sort((a, b) => a - b);
  for (const { id, name, heard } of logs) {
    const everybody = heard.filter(([, , , , flags]) => !(flags & DIRECT)).map(([number]) => number);
    const mine = heard.filter(([, , , , flags]) => flags & DIRECT).map(([number]) => number);
    const had = new Set(everybody);
    const missing = inOrder.filter((number) => !had.has(number) && !meaning.get(number).startsWith(id));
    if (!isRising(everybody) || !isRising(mine))
      problems.push(`${name}: numbers do not rise`);
    if (mine.length > 0 && mine.at(-1) !== mine.length)
      problems.push(`${name}: ${mine.length} messages to it alone, and the last one has number ${mine.at(-1)}`);
    if (missing.length > 0)
      problems.push(`${name}: without numbers ${missing.slice(0, 5)}`);
  }
  return problems.slice(0, MOST);
};

/** Who is there: what each event says fits what was said before, and those who come back never left. */
export const presence = (logs) => {
  const problems = [];
  const staying = new Set(logs.map(({ id }) => id));
  for (const { name, id, presence: events } of logs) {
    const there = new Map(); /* whether away */
    let isBack = false;
    for (const { type, peer, members = [], resumed = false } of events) {
      const before = there.get(peer);
      const wrong = () => problems.push(`${name}: ${type} of ${peer}, who was ${before === undefined ? 'not there' : before ? 'away' : 'there'}`);
      if (type === 'joined') {
        if (peer !== id || resumed !== isBack)
          problems.push(`${name}: joined as ${peer}, resumed ${resumed}`);
        isBack = true;
        there.clear();
        members.forEach((member) => there.set(member.peer, Boolean(member.away)));
      } else if (type === 'member-joined') {
        if (before !== undefined)
          wrong();
        there.set(peer, false);
      } else if (type === 'member-away' || type === 'member-back') {
        if (before !== (type === 'member-back'))
          wrong();
        there.set(peer, type === 'member-away');
      } else if (type === 'member-left') {
        if (before === undefined || staying.has(peer))
          wrong();
        there.delete(peer);
      }
    }
    for (const other of staying) {
      if (other !== id && there.get(other) !== false)
        problems.push(`${name}: ${other} is ${there.has(other) ? 'away' : 'not there'} in the end`);
    }
  }
  return problems.slice(0, MOST);
};

/** Those who were never away heard the same, in the same order, from when the last of them came. */
export const sameOrder = (steady) => {
  const told = steady.map(({ presence: events }) => events.filter(({ type }) => type.startsWith('member-')).map(({ type, peer, reason }) => `${type} ${peer} ${reason ?? ''}`));
  const shortest = Math.min(...told.map((list) => list.length));
  const ends = told.map((list) => list.slice(list.length - shortest).join('\n'));
  return ends.every((text) => text === ends[0]) ? [] : [`those who stayed heard different things:\n${ends.join('\n--\n')}`];
};

/*
 * On the lossy topic: only newer and newer; where the path was good, `good` being [from, to] in ms of the clock, the listener was
 * connected again within `back` ms, and then the newest came within `limit` ms: SCTP sends again every second at least, and that
 * may be lost too.
 */
export const newest = ({ heard, states }, good, { limit, back }) => {
  const problems = [];
  const times = [];
  if (!isRising(heard.map(([, number]) => number)))
    problems.push('an older message came behind a newer one');
  for (const [from, to] of good) {
    const isUp = states.filter(([at]) => at <= from).at(-1)?.[1] === 'connected';
    const up = isUp ? from : states.find(([at, state]) => at > from && state === 'connected')?.[0] ?? Infinity;
    const first = heard.find(([at, , sent]) => at >= from && at - sent < 1000)?.[0] ?? Infinity;
    times.push(isUp ? `${first - from}` : `${first - from} (connected after ${up - from})`);
    if (up - from > back && to - from > back)
      problems.push(`connected only after ${up - from} ms`);
    if (first - up > limit && to - up > limit)
      problems.push(`${first - up} ms until the newest was heard`);
  }
  return { problems, times };
};
