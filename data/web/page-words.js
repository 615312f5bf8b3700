/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the page says: states, failures and what to do about them, sizes and times. */

export const stateWord = {
  signaling: 'Asking the server',
  connecting: 'Connecting',
  connected: 'Connected',
  reconnecting: 'Reconnecting',
  closed: 'Left',
  failed: 'Not connected',
};

const advice = {
  unreachable: 'Check that the server runs and that this page was opened from its address, then try again.',
  unsupported: 'Use a current browser, and check that WebRTC is not switched off in its settings or by an extension.',
  timeout: 'Try another network, or ask whoever runs the server to set up a TURN server.',
  failed: 'Check your network. If it happens again, a firewall may block UDP: ask whoever runs the server for a TURN server.',
  'bad-room': 'A room name has 1 to 128 bytes and no “/”. Choose another.',
  'room-full': 'Wait until somebody leaves, or meet in another room.',
  'server-full': 'The server takes nobody more just now. Try again in a while.',
  'rate-limited': 'Too many tries in a short time. Wait a minute, then try again.',
  unauthorized: 'Ask whoever runs the server for an access token, or check the one that you entered.',
  forbidden: 'Your token does not open this room. Ask whoever gave it to you.',
  kicked: 'Ask whoever runs the room before you come back.',
  banned: 'Ask whoever runs the room.',
  expired: 'Ask for a new access token.',
  replaced: 'The other window is in the room now. Join here again to take its place.',
  slow: 'A better network or a quieter room helps. You can try again.',
  shutdown: 'Wait until the server is back, then try again.',
  'shutting-down': 'Wait until the server is back, then try again.',
};

export const adviceFor = (code) => advice[code] ?? 'Try again. If it stays like this, tell whoever runs the server.';

export const bytes = (count) => {
  if (count < 1000)
    return `${Math.round(count)} B`;
  if (count < 1000_000)
    return `${(count / 1000).toFixed(count < 10_000 ? 1 : 0)} kB`;
  return `${(count / 1000_000).toFixed(count < 10_000_000 ? 1 : 0)} MB`;
};

export const milliseconds = (ms) => {
  if (ms < 0.1)
    return '< 1 ms'; /* browsers round what they know about the network to milliseconds */
  if (ms < 9.95)
    return `${ms.toFixed(1)} ms`;
  return ms < 10_000 ? `${Math.round(ms)} ms` : `${Math.round(ms / 1000)} s`;
};

export const clock = (date) => date.toLocaleTimeString(undefined, { hour: '2-digit', minute: '2-digit' });

/** "direct, UDP" or "through TURN, TCP"; empty where nothing is known. */
export const pairWords = (pair) => {
  if (!pair)
    return '';
  return `${pair.relayed ? 'through TURN' : 'direct'}, ${String(pair.protocol).toUpperCase()}`;
};

/** The same as a sentence about one's own connection. */
export const pairSentence = (pair) => (pair.relayed
  ? `Connected to the relay through a TURN server, over ${pair.protocol.toUpperCase()}.`
  : `Connected directly to the relay, over ${pair.protocol.toUpperCase()}.`);

/** The same with the kinds of both ends, for those who know ICE. */
export const pairDetail = (pair) => (pair
  ? `ICE candidates: ${pair.local} here, ${pair.remote} at the relay`
  : '');

/** A name for those who gave none: the last digits of the id. */
export const nameOf = (name, id) => name || (id ? `Guest ${id.slice(-4)}` : 'Someone');

const ABOUT_LONGEST = 160;

/** What a member says about itself, in one line. */
export const aboutWords = (attributes) => {
  const words = Object.entries(attributes ?? {})
    .map(([key, value]) => `${key}: ${typeof value === 'string' ? value : JSON.stringify(value)}`).join(' · ');
  return words.length > ABOUT_LONGEST ? `${words.slice(0, ABOUT_LONGEST)}…` : words;
};
