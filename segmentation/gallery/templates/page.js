// The review of masks: filters, keys, and a list of videos of which only the rows near the window
// exist. verdicts.js is included before this file.

const MARGIN = 4;  // rows that exist above and below the window

// === Filters ===

let shown = [], current = 0;

const ORDERS = {
  score: (a, b) => a.rank - b.rank,
  video: (a, b) => a.video < b.video ? -1 : 1,
  small: (a, b) => a.size - b.size || a.rank - b.rank,
  large: (a, b) => b.size - a.size || a.rank - b.rank,
};

function filter() {
  const [label, reason, verdict] = [$('class').value, $('reason').value, $('verdict').value];
  const words = $('search').value.toLowerCase().split(/\s+/).filter(Boolean);
  const before = shown[current];
  shown = data.rows.filter(row =>
      (!label || row.label === label) &&
      (!reason || row.reasons.some(([code]) => reason === '*' || reason === code)) &&
      (!verdict || (row.verdict || 'none') === verdict) &&
      words.every(word => row.text.includes(word)));
  shown.sort(ORDERS[$('order').value]);
  current = Math.max(0, shown.indexOf(before));
  const all = number(data.rows.length);
  $('shown').textContent = shown.length === data.rows.length ?
      `all ${all} videos` : `${number(shown.length)} of ${all} videos`;
  $('empty').hidden = shown.length > 0;
  rows.forEach(node => node.remove());
  rows.clear();
  layout();
  if (shown.length) reveal();
}

function options(select, entries) {
  for (const [value, text] of entries) select.append(new Option(text, value));
}

function count() {
  const marked = data.rows.filter(row => row.verdict);
  const odd = data.rows.filter(row => row.reasons.length);
  const originals = marked.filter(row => row.verdict === 'original').length;
  $('progress').max = Math.max(1, odd.length);
  $('progress').value = odd.filter(row => row.verdict).length;
  $('counts').textContent =
      `${number($('progress').value)} of ${number(odd.length)} with a reason reviewed; ` +
      `${number(marked.length)} of ${number(data.rows.length)} in all: ` +
      `${number(originals)} original, ${number(marked.length - originals)} fine`;
  $('undo').disabled = !history.length;
}

// === Rows ===

const rows = new Map();  // row of data -> its element, for rows near the window
let rowHeight = 1;

const number = value => value.toLocaleString('en');
const percent = share => `${(100 * share).toPrecision(share < .1 ? 2 : 3).replace(/\.0+$/, '')}%`;

function element(name, text = '', attributes = {}) {
  const node = document.createElement(name);
  node.textContent = text;
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  return node;
}

function facts(row) {
  const m = row.measures;
  const parts = [];
  if (m && m.found) {
    parts.push(`person in ${m.found} of ${m.frames} frames, covering ${percent(m.coverage_found)}` +
               (row.usual ? ` (its class typically ${percent(row.usual)})` : ''));
    if (m.overlap !== null) parts.push(`successive masks overlap by ${percent(m.overlap)}`);
  }
  if (row.shown.length) {
    parts.push(`frames ${row.shown.join(', ')}` +
               (row.moment.length ? ` | ${row.moment.join(', ')}` : ''));
  }
  return parts.join('; ');
}

// Mirrors strips.strip_path.
const stripUrl = row => 'strips/' + `${row.video}.jpg`.split('/').map(encodeURIComponent).join('/');

function make(row) {
  const node = element('article', '', {tabindex: -1, 'aria-label': row.video});
  const head = element('div', '', {class: 'head'});
  const reasons = element('span', '', {class: 'reasons'});
  for (const [code] of row.reasons) {
    reasons.append(element('span', code, {title: data.meanings[code]}));
  }
  const verdicts = element('span', '', {class: 'verdicts'});
  for (const [verdict, key] of [['original', 'o'], ['fine', 'f']]) {
    const button = element('button', NAMES[verdict], {
      type: 'button', value: verdict, tabindex: -1, title: `key ${key}`});
    button.addEventListener('click', () => {
      current = shown.indexOf(row);
      mark(row.verdict === verdict ? '' : verdict);
    });
    verdicts.append(button);
  }
  head.append(element('span', '', {class: 'place'}), element('h2', row.video, {title: row.video}),
              element('span', row.score.toFixed(2), {class: 'score', title: 'suspicion, 0 to 1'}),
              reasons, verdicts);
  const strip = element('div', '', {class: 'strip'});
  if (row.width) {
    const image = element('img', '', {
      alt: `Frames of ${row.video}, the person outlined`, src: stripUrl(row), decoding: 'async',
      width: row.width, height: row.height, style: 'width: auto', draggable: 'false'});
    image.addEventListener('click', () => { go(shown.indexOf(row)); zoom(); });
    strip.append(image);
  } else {
    strip.append(element('div', 'no picture', {class: 'none'}));
  }
  const words = element('div', '', {class: 'words'});
  const why = row.reasons.map(([, said]) => said).join('; '), what = facts(row);
  words.append(element('b', why), why && what ? ' — ' : '', what);
  words.title = words.textContent;
  node.append(head, strip, words);
  node.addEventListener('mousedown', () => {
    if (shown[current] === row) return;
    current = shown.indexOf(row);
    layout();
  });
  return node;
}

function refresh(row) {
  const node = rows.get(row);
  if (node) {
    for (const button of node.querySelectorAll('.verdicts button')) {
      button.setAttribute('aria-pressed', button.value === row.verdict);
    }
  }
  if (shown[current] === row && $('zoom').open) showZoomed();
}

function layout() {
  rowHeight = parseFloat(getComputedStyle(document.documentElement).getPropertyValue('--row'));
  const list = $('list');
  list.style.height = `${shown.length * rowHeight}px`;
  const top = window.scrollY - list.offsetTop;
  const first = Math.max(0, Math.floor(top / rowHeight) - MARGIN);
  const last = Math.min(shown.length, Math.ceil((top + window.innerHeight) / rowHeight) + MARGIN);
  const wanted = new Map();
  for (let index = first; index < last; index++) wanted.set(shown[index], index);
  if (shown[current]) wanted.set(shown[current], current);  // keeps the focus
  for (const [row, node] of rows) {
    if (!wanted.has(row)) {
      node.remove();
      rows.delete(row);
    }
  }
  for (const [row, index] of wanted) {
    let node = rows.get(row);
    if (!node) {
      node = make(row);
      rows.set(row, node);
      list.append(node);
      refresh(row);
      node.style.top = `${index * rowHeight}px`;
      node.setAttribute('aria-posinset', index + 1);
      node.setAttribute('aria-setsize', shown.length);
      node.querySelector('.place').textContent = number(index + 1);
    }
    node.style.top = `${index * rowHeight}px`;
    node.classList.toggle('current', index === current);
    node.tabIndex = index === current ? 0 : -1;
    for (const button of node.querySelectorAll('.verdicts button')) button.tabIndex = node.tabIndex;
  }
}

// Height of the header, which covers the top of the window.
function covered() {
  const header = document.querySelector('header');
  return getComputedStyle(header).position === 'sticky' ? header.offsetHeight : 0;
}

// Scrolls so that the current row and the next one are visible.
function reveal() {
  const free = window.innerHeight - covered();
  const margin = Math.max(0, Math.min(rowHeight, (free - rowHeight) / 2));
  const top = $('list').offsetTop + current * rowHeight - covered();
  if (top - margin < window.scrollY) window.scrollTo(0, top - margin);
  else if (top + rowHeight + margin > window.scrollY + free) {
    window.scrollTo(0, top + rowHeight + margin - free);
  }
}

function go(index) {
  if (!shown.length) return;
  current = Math.max(0, Math.min(shown.length - 1, index));
  reveal();
  layout();
  rows.get(shown[current]).focus({preventScroll: true});
  if ($('zoom').open) showZoomed();
}

function zoom() {
  const row = shown[current];
  if (!row || !row.width) return;
  showZoomed();
  if (!$('zoom').open) $('zoom').showModal();
}

function showZoomed() {
  const row = shown[current];
  $('zoom-image').src = row.width ? stripUrl(row) : 'data:,';
  $('zoom-image').alt = row.width ? `Frames of ${row.video}` : 'no picture';
  const reasons = row.reasons.map(reason => reason.join(': '));
  $('zoom-text').textContent =
      [row.video, NAMES[row.verdict], ...reasons, facts(row)].filter(Boolean).join(' — ');
}

// === Messages ===

function announce(text) {
  $('announcement').textContent = text;
  $('announcement').animate([{opacity: 1}, {opacity: 1, offset: .8}, {opacity: 0}], 2500);
}

function notice(text) {
  $('notice').hidden = false;
  $('notice').textContent = [$('notice').textContent, text].filter(Boolean).join(' ');
}

// === Keys ===

const page = () => Math.max(1, Math.floor((window.innerHeight - covered()) / rowHeight));
const KEYS = {
  j: () => go(current + 1), ArrowDown: () => go(current + 1),
  k: () => go(current - 1), ArrowUp: () => go(current - 1),
  PageDown: () => go(current + page()), PageUp: () => go(current - page()),
  Home: () => go(0), End: () => go(shown.length - 1),
  n: () => {
    const next = shown.findIndex((row, index) => index > current && !row.verdict);
    if (next >= 0) go(next); else announce('all videos after this one are reviewed');
  },
  o: () => mark('original'), f: () => mark('fine'), x: () => mark(''), u: undo, e: save,
  z: () => $('zoom').open ? $('zoom').close() : zoom(),
  '/': () => { $('search').focus(); $('search').select(); },
  '?': () => $('help').showModal(),
};

document.addEventListener('keydown', event => {
  if ($('help').open || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.matches('input, select')) {
    if (event.key === 'Escape' || (event.key === 'Enter' && event.target === $('search'))) {
      event.preventDefault();
      go(current);
    }
    return;
  }
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  if (!(key in KEYS) || ($('zoom').open && '/?'.includes(key))) return;
  event.preventDefault();
  KEYS[key]();
});

// === Start ===

data.rows.forEach((row, rank) => {
  row.rank = rank;
  row.label = row.video.slice(0, row.video.lastIndexOf('/'));
  row.size = row.measures ? row.measures.coverage_found : 0;
  row.text = [row.video, ...row.reasons.flat()].join(' ').toLowerCase();
});
load();

const tally = keys => {
  const counts = new Map();
  for (const key of keys) counts.set(key, (counts.get(key) || 0) + 1);
  return counts;
};
const byLabel = tally(data.rows.map(row => row.label));
options($('class'), [['', 'any'], ...[...byLabel.keys()].sort().map(
    label => [label, `${label} (${number(byLabel.get(label))})`])]);
const byReason = tally(data.rows.flatMap(row => row.reasons.map(([code]) => code)));
options($('reason'), [
  ['', 'any or none'], ['*', `any (${number(data.rows.filter(row => row.reasons.length).length)})`],
  ...Object.keys(data.meanings).filter(code => byReason.has(code)).map(
      code => [code, `${code} (${number(byReason.get(code))})`])]);
for (const [code, meaning] of Object.entries(data.meanings)) {
  $('meanings').append(element('dt', code), element('dd', meaning));
}

for (const id of ['class', 'reason', 'verdict', 'order']) {
  let byMouse = false;  // if so, keys go to the list again, not to the select
  $(id).addEventListener('pointerdown', () => { byMouse = true; });
  $(id).addEventListener('keydown', () => { byMouse = false; });
  $(id).addEventListener('change', () => {
    filter();
    if (byMouse) go(current);
  });
}
$('search').addEventListener('input', filter);
$('filters').addEventListener('submit', event => event.preventDefault());
$('reset').addEventListener('click', () => { $('filters').reset(); filter(); });
$('undo').addEventListener('click', undo);
$('export').addEventListener('click', save);
$('help-open').addEventListener('click', KEYS['?']);
$('zoom').addEventListener('click', () => $('zoom').close());
let waiting = false;
const soon = () => {
  if (!waiting) requestAnimationFrame(() => { waiting = false; layout(); });
  waiting = true;
};
window.addEventListener('scroll', soon, {passive: true});
window.addEventListener('resize', soon);
// Verdicts from another tab with the same gallery.
window.addEventListener('storage', event => {
  const row = data.rows.find(row => storageKey(row) === event.key);
  if (!row) return;
  const mark = stored(row);
  row.verdict = mark && mark.key === row.key ? mark.verdict : row.imported;
  refresh(row);
  count();
});
count();
filter();
