/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What lines.mjs needs of the place where it runs: a page, whose lines direct.mjs carries over a WebSocket. */

const socket = new WebSocket(`ws://${location.host}/`);
const opened = new Promise((resolve) => { socket.onopen = resolve; });
const came = [];
let wake = () => {};
let said = opened;

socket.onmessage = ({ data }) => { came.push(data); wake(); };

/* One after the other, though a page hashes in its own time. */
export const say = (event) => {
  said = said.then(async () => socket.send(JSON.stringify({ ...event, sha256: await event.sha256 })));
};

export async function* lines() {
  for (;;) {
    while (came.length > 0)
      yield came.shift();
    await new Promise((resolve) => { wake = resolve; });
  }
}

export const bytes = (size) => new Uint8Array(size);

export const digest = async (data) => [...new Uint8Array(await crypto.subtle.digest('SHA-256', data))]
  .map((byte) => byte.toString(16).padStart(2, '0')).join('');

export const end = () => said.then(() => socket.close());
