/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The card for files between two people: what it shows of a FileSender or a FileReceiver. */

import { showPath } from './file-records.js';
import { FileReceiver } from './file-receiver.js';
import { makeCode, readCode, sealProblem } from './file-seal.js';
import { FileSender } from './file-sender.js';
import { bytes } from './page-words.js';

export class FilesCard {
  #box;
  #token;
  #transfer = null;
  #urls = [];

  /** box: the card; token(): the access token, '' for none */
  constructor(box, token) {
    this.#box = box;
    this.#token = token;
    this.#part('files-choose').addEventListener('click', () => this.#part('files-chosen').click());
    this.#part('files-chosen').addEventListener('change', ({ target }) => {
      this.#send([...target.files]);
      target.value = '';
    });
    this.#part('files-take').addEventListener('submit', (event) => {
      event.preventDefault();
      this.#receive(this.#part('files-code').value);
    });
    this.#part('files-end').addEventListener('click', () => this.#transfer?.cancel());
    box.addEventListener('dragover', (event) => event.preventDefault());
    box.addEventListener('drop', (event) => {
      event.preventDefault();
      event.stopPropagation();
      if (this.#transfer === null)
        this.#send([...event.dataTransfer.files]);
    });
    if (sealProblem() !== '') {
      this.#say(sealProblem(), true);
      this.#part('files-choose').disabled = true;
      this.#part('files-button').disabled = true;
    }
  }

  #part(id) {
    return this.#box.querySelector(`#${id}`);
  }

  #say(text, isBad = false) {
    this.#part('files-state').textContent = text;
    this.#part('files-state').classList.toggle('bad', isBad);
  }

  #send(files) {
    if (files.length === 0)
      return;
    try {
      const code = makeCode();
      this.#begin(new FileSender(window.location.href, code, this.#token(), files));
      this.#part('files-secret').textContent = code;
      this.#part('files-told').hidden = false;
      this.#list(files.map((file) => ({ path: file.webkitRelativePath || file.name, size: file.size })));
      this.#run('Tell the other side this code. Waiting for it…', 'Every file has arrived.');
    } catch (error) {
      this.#say(error.message, true);
    }
  }

  #receive(typed) {
    try {
      this.#begin(new FileReceiver(window.location.href, readCode(typed), this.#token()));
      this.#transfer.addEventListener('entries', ({ entries }) => this.#list(entries.filter(({ isFolder }) => !isFolder)));
      this.#transfer.addEventListener('file', ({ path, blob }) => this.#offer(path, blob));
      this.#run('Waiting for the sender…', 'Everything has arrived and is right. Save what you want to keep.');
    } catch (error) {
      this.#say(error.message, true);
    }
  }

  #begin(transfer) {
    this.#transfer = transfer;
    for (const url of this.#urls.splice(0))
      URL.revokeObjectURL(url);
    this.#part('files-told').hidden = true;
    this.#list([]);
  }

  #run(waiting, success) {
    const transfer = this.#transfer;
    const bar = this.#part('files-progress');
    this.#busy(true);
    bar.removeAttribute('value');
    this.#say('Making a key of the code…');
    transfer.addEventListener('waiting', () => { bar.removeAttribute('value'); this.#say(waiting); });
    transfer.addEventListener('session', () => this.#say('Connected with the other side.'));
    transfer.addEventListener('progress', ({ done, total }) => {
      bar.max = Math.max(total, 1);
      bar.value = done;
      this.#say(`${bytes(done)} of ${bytes(total)}`);
    });
    transfer.addEventListener('end', ({ error }) => {
      this.#transfer = null;
      this.#busy(false);
      this.#part('files-told').hidden = true;
      this.#say(error?.message ?? success, error !== null);
    });
    transfer.start();
  }

  #busy(isBusy) {
    for (const id of ['files-choose', 'files-code', 'files-button'])
      this.#part(id).disabled = isBusy;
    this.#part('files-progress').hidden = !isBusy;
    this.#part('files-end').hidden = !isBusy;
  }

  #list(files) {
    const rows = files.slice(0, 1000).map(({ path, size }) => {
      const row = document.createElement('li');
      const name = document.createElement('span');
      const about = document.createElement('span');
      row.dataset.path = path;
      name.textContent = showPath(path);
      about.className = 'faint';
      about.textContent = bytes(size);
      row.append(name, about);
      return row;
    });
    this.#part('files-list').replaceChildren(...rows);
  }

  /* what has arrived becomes a link that saves it */
  #offer(path, blob) {
    const row = [...this.#part('files-list').children].find((item) => item.dataset.path === path);
    const link = document.createElement('a');
    link.href = URL.createObjectURL(blob);
    link.download = path.split('/').at(-1);
    link.textContent = showPath(path);
    this.#urls.push(link.href);
    row?.firstChild.replaceWith(link);
  }
}
