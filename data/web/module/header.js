/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * wherry.js: join a room of a Wherry relay from a browser, or from Node with a WebRTC package.
 * One file, no dependencies; wherry.d.ts beside it documents every member.
 *
 *   import { Wherry } from './wherry.js';
 *   const room = await Wherry.join('http://127.0.0.1:8888/', 'lobby', { name: 'Ann' });
 *   const chat = room.channel('chat');
 *   chat.addEventListener('message', (event) => console.log(event.data));
 *   await chat.ready();
 *   chat.send('hello');
 */
