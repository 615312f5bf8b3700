/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The lines of participant.md's direct mode, for the stacks that run in Node. */

import { createHash } from 'node:crypto';
import readline from 'node:readline';

export const say = (event) => process.stdout.write(`${JSON.stringify(event)}\n`);

const payload = (head, size) => {
  const data = Buffer.alloc(size);
  for (let at = 0; at < size; at += 1)
    data[at] = 97 + (at % 26);
  data.write(head.slice(0, size), 'latin1');
  return data;
};

/** A message came: a string, or bytes. */
export const heard = (channel, message) => {
  const data = typeof message === 'string' ? Buffer.from(message) : Buffer.from(message);
  const head = data.subarray(0, 24).toString('latin1');
  say({
    event: 'message',
    channel,
    kind: typeof message === 'string' ? 'text' : 'binary',
    size: data.length,
    sha256: createHash('sha256').update(data).digest('hex'),
    head: head.slice(0, head.lastIndexOf(':') + 1),
  });
};

const channels = new Map();
let incoming = 0;

/** The name of a channel that the other side opened. `wrap` takes the name and gives { send, close }. */
export const announce = (description, wrap) => {
  const channel = `in${incoming}`;
  incoming += 1;
  say({ event: 'channel', channel, ...description });
  channels.set(channel, wrap(channel));
};

const send = ({ channel, kind, head, size }) => {
  const data = payload(head, size);
  channels.get(channel).send(kind === 'text' ? data.toString('latin1') : data);
  say({ event: 'sent', channel, size });
};

const obey = async (stack, order) => {
  switch (order.do ?? order.type) {
    case 'create':
      channels.set(order.channel, stack.create(order.channel, order));
      break;
    case 'offer':
      if (order.type)
        await stack.accept(order);
      else
        await stack.offer(false);
      break;
    case 'restart':
      await stack.offer(true);
      break;
    case 'answer':
      await stack.accept(order);
      break;
    case 'candidate':
      await stack.candidate(order);
      break;
    case 'send':
      send(order);
      break;
    case 'close':
      channels.get(order.channel).close();
      break;
    default:
      throw new Error('no such order');
  }
};

/** Obeys until it is told to quit. What fails is said, and the next line is read. */
export const serve = async (name, stack) => {
  say({ event: 'ready', stack: name });
  for await (const line of readline.createInterface({ input: process.stdin })) {
    const order = JSON.parse(line);
    if (order.do === 'quit')
      break;
    try {
      await obey(stack, order);
    } catch (error) {
      say({ event: 'failed', do: order.do ?? order.type, channel: order.channel, message: `${error?.message ?? error}` });
    }
  }
  stack.close();
  process.exit(0);
};
