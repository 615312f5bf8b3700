/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A small live chart: the last minute of one or two series, drawn as SVG so that CSS colors it. */

const SVG = 'http://www.w3.org/2000/svg';
const WIDTH = 300;
const HEIGHT = 64;
const SAMPLES = 60;

const svg = (name, attributes = {}) => {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes))
    element.setAttribute(key, value);
  return element;
};

const html = (name, className, text = '') => {
  const element = document.createElement(name);
  element.className = className;
  element.textContent = text;
  return element;
};

/* 1, 2 or 5 times a power of ten, so that the scale does not twitch with every sample. */
const niceCeiling = (value, least) => {
  const target = Math.max(value, least);
  const power = 10 ** Math.floor(Math.log10(target));
  return [1, 2, 5, 10].map((step) => step * power).find((step) => step >= target * 0.999);
};

/* Gaps (null) lift the pen; a lone sample between gaps still shows as a dot. */
const pathOf = (values, top) => {
  let path = '';
  let pen = false;
  values.forEach((value, index) => {
    if (value !== null) {
      const x = (index / (SAMPLES - 1)) * WIDTH;
      const y = HEIGHT - 1 - (Math.min(value, top) / top) * (HEIGHT - 4);
      path += `${pen ? 'L' : 'M'}${x.toFixed(1)} ${y.toFixed(1)}${pen ? '' : 'h.01'}`;
    }
    pen = value !== null;
  });
  return path;
};

export class Plot {
  #series;
  #words;
  #least;
  #figure;
  #scale;

  /** `series`: [{label, className}]; `words` formats a value; `least`: the smallest full scale. */
  constructor(figure, title, series, words, least) {
    this.#figure = figure;
    this.#words = words;
    this.#least = least;
    const caption = html('figcaption', 'plot-caption');
    caption.append(html('span', 'plot-title', title));
    this.#series = series.map(({ label, className }) => {
      const legend = html('span', `legend ${className}`);
      const value = html('span', 'legend-value', '–');
      legend.append(html('span', 'swatch'), html('span', 'legend-label', label), value);
      caption.append(legend);
      return { label, value, values: new Array(SAMPLES).fill(null), path: svg('path', { class: `line ${className}` }) };
    });
    const chart = svg('svg', { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: 'none', 'aria-hidden': 'true' });
    for (const y of [3, HEIGHT / 2 + 1, HEIGHT - 1])
      chart.append(svg('line', { class: 'grid', x1: 0, x2: WIDTH, y1: y, y2: y }));
    chart.append(...this.#series.map((one) => one.path).reverse());
    this.#scale = html('span', 'scale');
    const frame = html('div', 'plot-frame');
    frame.append(chart, this.#scale);
    figure.setAttribute('role', 'img');
    figure.replaceChildren(caption, frame);
    this.#title = title;
    this.#draw();
  }

  #title;

  /** One value for each series; null where nothing was measured. */
  add(...values) {
    this.#series.forEach((one, index) => {
      one.values.push(values[index] ?? null);
      one.values.shift();
    });
    this.#draw();
  }

  clear() {
    for (const one of this.#series)
      one.values.fill(null);
    this.#draw();
  }

  #draw() {
    const all = this.#series.flatMap((one) => one.values.filter((value) => value !== null));
    const top = niceCeiling(Math.max(0, ...all), this.#least);
    const said = [];
    for (const one of this.#series) {
      const now = one.values.at(-1);
      const word = now === null ? '–' : this.#words(now);
      one.path.setAttribute('d', pathOf(one.values, top));
      one.value.textContent = word;
      if (now !== null)
        said.push(`${one.label} ${word}`);
    }
    this.#scale.textContent = this.#words(top);
    this.#figure.setAttribute('aria-label', `${this.#title}, last minute: ${said.join(', ') || 'nothing measured yet'}`);
  }
}
