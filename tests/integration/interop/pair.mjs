/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Two participants in the direct mode of ../../interop/participant.md, and what each can see of the other. */

import { digest, payload } from '../browser/participant.mjs';
import { DirectParticipant } from './direct.mjs';
import { commandOf } from './stacks.mjs';

const PATIENCE_MS = 20_000;
const started = new Set();
const idle = []; /* of those: what can make a new connection */

/** Ends whatever was started and not ended. */
export const quitAll = async () => {
  const sides = [...started];
  started.clear();
  idle.length = 0;
  await Promise.all(sides.map((side) => side.quit()));
};

/* More than this is not sent to a stack that takes a gigabyte: what carries the descriptions says so in its place. */
const MOST = (process.env.WHERRY_SANITIZED ? 1 : 16) * 1024 * 1024; /* a sanitizer makes it slow */
const moderate = (message) => (message.sdp ? {
  ...message, sdp: message.sdp.replace(/^(a=max-message-size:)(\d+)/m, (_, name, max) => `${name}${Math.min(max, MOST)}`),
} : message);

const start = async (kind) => {
  const waiting = idle.findIndex((side) => side.kind === kind);
  if (waiting >= 0) {
    const [side] = idle.splice(waiting, 1);
    await side.renew();
    return side;
  }
  const side = await DirectParticipant.start(commandOf(kind), { kind, name: kind });
  started.add(side);
  return side;
};

/** Ends a connection; its programs are there for another one, where they can. */
export const release = async (...sides) => {
  for (const side of sides) {
    if (side.ready.renews)
      idle.push(side);
    else if (started.delete(side))
      await side.quit();
  }
};

/** Carries what two sides say to each other. `change` may rewrite it. */
const join = (one, other, change = (message) => message) => {
  for (const [from, to] of [[one, other], [other, one]]) {
    from.onSignal = (message) => {
      if (message.type === 'answer')
        from.answers += 1;
      to.order(moderate(change(message)));
      from.max = Math.min(from.max, MOST);
    };
  }
};

/** The name that `side` has for the channel with this label. */
export const channelOf = (side, label) => [...side.channels].find(([, channel]) => channel.label === label)?.[0];
const state = (side, label) => side.channels.get(channelOf(side, label));

export const untilOpen = (sides, labels, ended = undefined) => Promise.all(sides.map((side) => side.until(
  () => labels.every((label) => state(side, label)?.open), `opening ${labels.length > 3 ? `${labels.length} channels` : labels}`, PATIENCE_MS, ended)));
export const untilClosed = (sides, labels) => Promise.all(sides.map((side) => side.until(
  () => labels.every((label) => state(side, label)?.closed), `closing ${labels}`)));

/** Opens a channel at `from`, and at both sides when it is negotiated; resolves once both have it. */
export const open = async (from, to, label, options = {}) => {
  from.create(label, { label, ...options });
  if (options.negotiated)
    to.create(label, { label, ...options });
  await untilOpen([from, to], [label]);
};

export const say = (from, label, kind, size) => from.send({ channel: channelOf(from, label), kind, head: '', size });

export const heard = (to, label) => to.messages.filter((message) => message.label === label);
export const sizes = (to, label) => heard(to, label).map(({ kind, size }) => `${kind} ${size}`);

/** Sends `messages`, each [kind, size], and resolves when just they have come, in order, byte for byte. */
export const carry = async (from, to, label, messages) => {
  const before = heard(to, label).length;
  const came = () => heard(to, label).length >= before + messages.length;
  const reason = await refusal(from, 'send', () => messages.forEach(([kind, size]) => say(from, label, kind, size)),
    (ended) => to.until(came, `hearing ${messages.length} messages on ${label} from ${from.name}`, PATIENCE_MS, ended));
  if (reason)
    throw new Error(`${from.name}: ${reason.message}`);
  const summary = ({ kind, size, sha256 }) => `${kind} ${size} ${sha256.slice(0, 12)}`;
  const told = heard(to, label).slice(before).map(summary);
  const due = messages.map(([kind, size]) => summary({ kind, size, sha256: digest(payload('', size)) }));
  if (told.join() !== due.join())
    throw new Error(`${to.name} heard ${told.join(', ')}: not ${due.join(', ')}`);
};

/** What `side` refused: orders to `what`. */
const refusals = (side, ...what) => side.refusals.filter((refused) => what.includes(refused.do));

/** Lets `from` `act`: resolves with what it says when it refuses to do `what`, or with null once `done` is through, which has
 * to end when its signal says so. */
export const refusal = async (from, what, act, done) => {
  const before = refusals(from, what).length;
  const ended = new AbortController();
  const refused = from.until(() => refusals(from, what).length > before, 'refusing', 2 * PATIENCE_MS, ended.signal);
  act();
  try {
    return await Promise.race([done(ended.signal).then(() => null), refused.then(() => refusals(from, what)[before])]);
  } finally {
    ended.abort();
  }
};

/* The driver chooses the role: RFC 5763 section 5 leaves `active` one answer. */
const activeOffer = (message) => (message.type === 'offer'
  ? { ...message, sdp: message.sdp.replaceAll('a=setup:actpass', 'a=setup:active') } : message);

/**
 * Starts both and has `offers` ('it' or 'other') make an offer with a channel of each of `labels`; resolves once they are open,
 * or with `whole: false` at once. `client`: whether who offers is to be the DTLS client.
 */
export const connect = async (itKind, otherKind, { offers = 'it', client = false, labels = ['one', 'two'], negotiated = [], whole = true, other = null } = {}) => {
  const sides = { it: await start(itKind), other: other ?? await start(otherKind) };
  const [from, to] = offers === 'it' ? [sides.it, sides.other] : [sides.other, sides.it];
  join(from, to, client ? activeOffer : undefined);
  for (const label of labels)
    from.create(label, { label });
  for (const [index, label] of negotiated.entries()) {
    for (const side of [from, to])
      side.create(label, { label, negotiated: true, id: 100 + index });
  }
  from.order({ do: 'offer' });
  if (whole)
    await untilOpen([from, to], [...labels, ...negotiated]);
  return sides;
};

export const ufrag = (side) => side.local?.match(/^a=ice-ufrag:(\S+)/m)?.[1];

/** `from` restarts ICE: resolves when both have new credentials and messages go both ways; throws its reason if it cannot. */
export const restart = async (from, to, label) => {
  const { answers } = to;
  const before = [from, to].map(ufrag);
  const failed = refusals(to, 'offer').length;
  const refused = refusals(from, 'answer').length;
  const pairs = [from, to].map((side) => side.pair);
  const reason = await refusal(from, 'restart', () => from.order({ do: 'restart' }),
    (ended) => to.until(() => to.answers > answers || refusals(to, 'offer').length > failed, 'answering', PATIENCE_MS, ended))
    ?? refusals(to, 'offer')[failed];
  if (reason)
    throw new Error(reason.message);
  for (const [index, side] of [from, to].entries()) {
    if (ufrag(side) === before[index])
      throw new Error(`${side.name} keeps its ICE credentials`);
    if (pairs[index]) // a pair of new addresses: what goes on now would otherwise go over the one before
      await side.until(() => side.pair.local !== pairs[index].local, 'settling on other addresses');
  }
  await carry(from, to, label, [['text', 61]]);
  await carry(to, from, label, [['text', 62]]);
  if (refusals(from, 'answer').length > refused)
    throw new Error(`${from.name}: ${refusals(from, 'answer')[refused].message}`);
};
