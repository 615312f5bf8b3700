/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a seed makes of the network: which losses, and when it is cut, how, and for how long. */

export const randomOf = (seed) => {
  let state = seed >>> 0;
  return () => { /* mulberry32 */
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
};

const between = (random, low, high) => low + random() * (high - low);

const ICE_NOTICES_S = 7; /* in Chromium, that nobody answers */

/*
 * `down`: the interface is. `silent`: nothing passes, and nobody is told. `move`: the same, and the machine has another
 * address afterwards. `reset`: the same, and TCP connections are reset: who was there has to come back by its token.
 */
const KINDS = ['down', 'silent', 'move', 'reset'];

/**
 * `cuts`: [{ at, kind, seconds }] in seconds from the start; each has a `reset`. `surely`: it ends all connections, because none
 * was dead already.
 */
export const schedule = (random, count, longest) => {
  const kinds = Array.from({ length: count }, () => KINDS[Math.floor(random() * KINDS.length)]);
  const reset = Math.floor(random() * count);
  kinds[reset] = 'reset';
  const cuts = [];
  let at = 1;
  kinds.forEach((kind, i) => {
    at += between(random, 1, 5);
    const seconds = i === reset ? between(random, ICE_NOTICES_S, Math.max(longest, ICE_NOTICES_S + 2)) : between(random, 1, longest);
    cuts.push({ at, kind, seconds });
    at += seconds;
  });
  return { loss: between(random, 0.01, 0.03), cuts, surely: !kinds.slice(0, reset).includes('move') };
};
