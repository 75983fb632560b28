// Verdicts: stored in the browser until they are exported. page.js is included after this file.
'use strict';

const data = JSON.parse(document.getElementById('data').textContent);
const $ = id => document.getElementById(id);
const NAMES = {original: 'use original', fine: 'fine', '': 'no verdict'};

// A stored verdict is valid for the masks and the imported verdict that `key` was made from.
const storageKey = row => `i3d_tf review ${data.id}/${row.video}`;
const history = [];  // of {row, before}
let storageWorks = true;

function stored(row) {
  try {
    return JSON.parse(localStorage.getItem(storageKey(row)));
  } catch (error) {
    return null;
  }
}

function load() {
  let outdated = 0;
  for (const row of data.rows) {
    row.imported = row.verdict;
    const mark = stored(row);
    if (!mark) continue;
    if (mark.key === row.key) row.verdict = mark.verdict;
    else if (mark.verdict !== row.verdict) outdated += 1;
  }
  try {
    localStorage.setItem(`i3d_tf review ${data.id}`, 'open');
  } catch (error) {
    storageWorks = false;
    notice('This browser cannot store verdicts: export them before you close this page.');
  }
  if (outdated) {
    notice(`${outdated} earlier ${outdated === 1 ? 'verdict is' : 'verdicts are'} ignored: ` +
           'the masks or the imported verdicts have changed since.');
  }
}

function set(row, verdict) {
  row.verdict = verdict;
  try {
    if (verdict === row.imported) localStorage.removeItem(storageKey(row));
    else localStorage.setItem(storageKey(row), JSON.stringify({verdict, key: row.key}));
  } catch (error) {
    if (storageWorks) {
      notice('This browser cannot store more verdicts: export them before you close this page.');
    }
    storageWorks = false;
  }
}

function mark(verdict) {
  const row = shown[current];
  if (!row) return;
  history.push({row, before: row.verdict});
  set(row, verdict);
  announce(`${row.video}: ${NAMES[verdict]}`);
  refresh(row);
  count();
  if (verdict && current + 1 < shown.length) go(current + 1);
}

function undo() {
  const last = history.pop();
  if (!last) return;
  set(last.row, last.before);
  announce(`${last.row.video}: ${NAMES[last.before]} again`);
  refresh(last.row);
  count();
  const index = shown.indexOf(last.row);
  if (index >= 0) go(index);
}

function csv() {
  const quoted = text => /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  const verdicts = data.rows.filter(row => row.verdict).map(row => [row.video, row.verdict]);
  verdicts.push(...Object.entries(data.others));
  // By code points, like Python.
  verdicts.sort(([a], [b]) => {
    const [x, y] = [Array.from(a), Array.from(b)];
    for (let i = 0; i < Math.min(x.length, y.length); i++) {
      if (x[i] !== y[i]) return x[i].codePointAt(0) - y[i].codePointAt(0);
    }
    return x.length - y.length;
  });
  const lines = [['video', 'verdict'], ...verdicts];
  return lines.map(line => line.map(quoted).join(',') + '\n').join('');
}

function save() {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([csv()], {type: 'text/csv'}));
  link.download = 'verdicts.csv';
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  announce('verdicts.csv saved');
}
