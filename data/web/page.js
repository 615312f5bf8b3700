/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The built-in page: puts session, log, members and plots together.
 * For tests, and for whoever opens the console: `window.wherry.room` is the WherryRoom of this page.
 */

import { ChatLog } from './page-chat.js';
import { FilesCard } from './page-files.js';
import { MemberList } from './page-members.js';
import { Plot } from './page-plot.js';
import { Session } from './page-session.js';
import { adviceFor, bytes, milliseconds, nameOf, pairDetail, pairSentence, stateWord } from './page-words.js';

const $ = (id) => document.getElementById(id);
const LEAVE_WORDS = { failed: 'lost the connection', slow: 'was too slow', kicked: 'was removed', banned: 'was removed' };

window.wherry = { room: null };

const log = new ChatLog($('log'), $('empty'));
const members = new MemberList($('people'), $('count'));
const plots = {
  rtt: new Plot($('plot-rtt'), 'Round trip', [
    { label: 'to the relay', className: 'one' },
    { label: 'to a member', className: 'two' },
  ], milliseconds, 1),
  rate: new Plot($('plot-rate'), 'Throughput', [
    { label: 'in', className: 'one' },
    { label: 'out', className: 'two' },
  ], (rate) => `${bytes(rate)}/s`, 1000),
};
let session = null;
let own = { name: '', pair: null, rtt: null };
let unread = 0;

/* A browser may forbid storage altogether; then the name is asked for each time. */
const remember = (storage, key, value) => {
  try {
    if (value === null)
      storage().removeItem(key);
    else
      storage().setItem(key, value);
  } catch { /* not remembered */ }
};

const recall = (storage, key) => {
  try {
    return storage().getItem(key) ?? '';
  } catch {
    return '';
  }
};

const local = () => window.localStorage;
const tab = () => window.sessionStorage;

const hashRoom = () => {
  try {
    return decodeURIComponent(window.location.hash.slice(1));
  } catch {
    return '';
  }
};

const showTitle = () => {
  const room = session?.room.name;
  document.title = room ? `${unread > 0 ? `(${unread}) ` : ''}${room} · Wherry` : 'Wherry';
};

const showProblem = (box, title, text, kind = 'bad') => {
  box.dataset.kind = kind;
  box.setAttribute('role', kind === 'bad' ? 'alert' : 'status');
  box.querySelector('strong').textContent = title;
  box.querySelector('p').textContent = text;
  box.hidden = title === '';
};

const showPeople = () => {
  if (session)
    members.show(session.room, session.people, own);
};

const showConnection = () => {
  const { state, reason } = session.room;
  $('connection').textContent = state === 'connected' && own.pair ? pairSentence(own.pair) : reason;
  $('connection').title = pairDetail(own.pair);
};

const showState = ({ state, reason, error }) => {
  $('state').dataset.state = state;
  $('state').querySelector('.word').textContent = stateWord[state];
  $('join-state').textContent = state === 'signaling' || state === 'connecting' ? `${stateWord[state]}…` : '';
  $('send').disabled = state !== 'connected';
  $('attach').disabled = state !== 'connected';
  $('again').hidden = state !== 'failed';
  if (state === 'failed')
    showProblem($('trouble'), reason, adviceFor(error?.code));
  else if (state === 'reconnecting')
    showProblem($('trouble'), 'The connection is interrupted.', reason, 'wait');
  else
    showProblem($('trouble'), '', '');
  log.settle();
  if (state !== 'connected')
    own = { ...own, pair: null, rtt: null };
  showConnection();
  showPeople();
};

const showSample = (sample) => {
  own = { ...own, pair: session.pair, rtt: sample.rtt };
  plots.rtt.add(sample.rtt, sample.echo);
  plots.rate.add(sample.in, sample.out);
  showConnection();
  showPeople();
};

const heard = () => {
  if (document.hidden)
    unread += 1;
  showTitle();
};

const enterPlace = () => {
  const changed = $('place').hidden;
  $('welcome').hidden = true;
  $('place').hidden = false;
  $('place-title').textContent = session.room.name;
  remember(tab, 'wherry-joined', session.room.name);
  if (hashRoom() !== session.room.name)
    window.history.replaceState(null, '', `#${encodeURIComponent(session.room.name)}`);
  showTitle();
  if (changed)
    $('text').focus();
};

const leavePlace = () => {
  session = null;
  window.wherry.room = null;
  remember(tab, 'wherry-joined', null);
  $('place').hidden = true;
  $('welcome').hidden = false;
  unread = 0;
  showTitle();
  $('room').focus();
};

const watch = (mine) => {
  const on = (type, handler) => mine.addEventListener(type, (event) => { if (session === mine) handler(event); });
  on('state', showState);
  on('people', showPeople);
  on('sample', showSample);
  on('said', (event) => { log.said(event); heard(); });
  on('file', (event) => { log.file(event); heard(); });
  on('came', ({ member }) => log.note(`${nameOf(member.name, member.id)} came in.`));
  on('gone', ({ member, reason }) => log.note(`${nameOf(member.name, member.id)} ${LEAVE_WORDS[reason] ?? 'left'}.`));
  on('gap', ({ bytes: lost }) => log.note(`The connection broke while ${bytes(lost)} were on their way; they may not have arrived.`, 'warn'));
  on('notice', ({ error }) => log.note(error.message, 'warn'));
};

const join = async ({ room, name, token }) => {
  const mine = new Session(window.location.href, room, { name, token });
  session = mine;
  own = { name, pair: null, rtt: null };
  window.wherry.room = mine.room;
  plots.rtt.clear();
  plots.rate.clear();
  watch(mine);
  showProblem($('join-problem'), '', '');
  $('join-button').disabled = true;
  try {
    await mine.join();
    if ($('place').hidden)
      log.clear();
    enterPlace();
  } catch (error) {
    if (session === mine && error.code !== 'closed' && $('place').hidden)
      showProblem($('join-problem'), error.message, adviceFor(error.code));
    if (error.code === 'unauthorized')
      $('more').open = true;
  } finally {
    $('join-button').disabled = false;
  }
};

const leave = () => {
  const mine = session;
  leavePlace();
  mine?.leave();
};

const say = () => {
  const text = $('text').value;
  if (text.trim() === '' || session?.room.state !== 'connected')
    return;
  try {
    session.say(text);
    log.said({ from: session.room.id, name: own.name, text }, true);
    $('text').value = '';
    fitText();
  } catch (error) {
    log.note(error.message, 'warn');
  }
};

const sendFiles = async (files) => {
  for (const file of files) {
    try {
      await session.sendFile(file);
      log.file({ from: session.room.id, name: own.name, file: file.name, mime: file.type, body: await file.arrayBuffer() }, true);
    } catch (error) {
      log.note(error.message, 'warn');
    }
  }
};

const fitText = () => {
  const text = $('text');
  text.style.height = 'auto';
  text.style.height = `${Math.min(text.scrollHeight + 2, 160)}px`;
};

const showPanel = (open) => {
  $('place').classList.toggle('panel-open', open);
  $('panel-button').setAttribute('aria-expanded', String(open));
};

const copyLink = async () => {
  try {
    await navigator.clipboard.writeText(window.location.href);
    $('invite-text').textContent = 'The link is copied.';
  } catch {
    $('invite-text').textContent = window.location.href; /* no clipboard here: something to select */
  }
};

const onEscape = (event) => {
  if (event.key !== 'Escape' || event.isComposing || $('place').hidden)
    return;
  if ($('place').classList.contains('panel-open')) {
    showPanel(false);
    $('panel-button').focus();
  } else {
    leave();
  }
};

const wire = () => {
  $('join').addEventListener('submit', (event) => {
    event.preventDefault();
    const room = $('room').value.trim() || 'lobby';
    const name = $('name').value.trim();
    remember(local, 'wherry-name', name);
    join({ room, name, token: $('token').value.trim() });
  });
  $('compose').addEventListener('submit', (event) => { event.preventDefault(); say(); });
  $('text').addEventListener('keydown', (event) => {
    if (event.key === 'Enter' && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      say();
    }
  });
  $('text').addEventListener('input', fitText);
  $('attach').addEventListener('click', () => $('file').click());
  $('file').addEventListener('change', () => { sendFiles([...$('file').files]); $('file').value = ''; });
  $('leave').addEventListener('click', leave);
  $('again').addEventListener('click', () => join({ room: session.room.name, name: own.name, token: $('token').value.trim() }));
  $('copy').addEventListener('click', copyLink);
  $('panel-button').addEventListener('click', () => showPanel(!$('place').classList.contains('panel-open')));
  document.addEventListener('keydown', onEscape);
  document.addEventListener('visibilitychange', () => { if (!document.hidden) { unread = 0; showTitle(); } });
  $('place').addEventListener('dragover', (event) => event.preventDefault());
  $('place').addEventListener('drop', (event) => {
    event.preventDefault();
    if (session?.room.state === 'connected')
      sendFiles([...event.dataTransfer.files]);
  });
  window.addEventListener('hashchange', () => {
    if (session && hashRoom() !== '' && hashRoom() !== session.room.name)
      leave();
    $('room').value = hashRoom() || $('room').value;
  });
};

const start = () => {
  wire();
  new FilesCard($('files'), () => $('token').value.trim());
  $('room').value = hashRoom();
  $('name').value = recall(local, 'wherry-name');
  if (hashRoom() !== '' && recall(tab, 'wherry-joined') === hashRoom())
    join({ room: hashRoom(), name: $('name').value, token: '' }); /* the page was only reloaded */
  else
    (hashRoom() === '' ? $('room') : $('name')).focus();
};

start();
