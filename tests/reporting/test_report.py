"""The command and its page: every number is in a CSV file, also if results are missing."""

import csv
import html.parser
import os
import pathlib
import re
import threading

import pytest

from i3d_tf.common import files
from i3d_tf.reporting import page as page_lib
from i3d_tf.reporting import report
from tests import browser as browser_lib
from tests import commands
from tests import paper_results

DRAWS = 300


@pytest.fixture(scope='module', name='made')
def _made(tmp_path_factory):
  """The folder of a report."""
  folder = tmp_path_factory.mktemp('paper')
  paper_results.write(folder, splits=(1, 2), groups=3, clips=2)
  report.make(str(folder), str(folder / 'report'), draws=DRAWS, seed=5)
  return folder / 'report'


class Tables(html.parser.HTMLParser):
  """The tables of a page, {name: rows of cells}; `text` is everything outside of them."""

  def __init__(self, page):
    super().__init__()
    self.tables, self.headings, self.text = {}, {}, ''
    self._table = self._cell = None
    self._ignored = False
    self.feed(page)

  def handle_starttag(self, tag, attributes):
    if tag == 'table':
      self._table = dict(attributes)['data-name']
      self.tables[self._table], self.headings[self._table] = [], []
    elif tag == 'tr' and self._table:
      self.tables[self._table].append([])
    elif tag in ('td', 'th'):
      self._cell = ''
    elif tag == 'style':
      self._ignored = True

  def handle_endtag(self, tag):
    if tag == 'table':
      self.tables[self._table] = list(filter(None, self.tables[self._table]))
      self._table = None
    elif tag == 'td':
      self.tables[self._table][-1].append(self._cell)
    elif tag == 'th':
      self.headings[self._table].append(self._cell)
    elif tag == 'style':
      self._ignored = False
    if tag in ('td', 'th'):
      self._cell = None

  def handle_data(self, data):
    if self._cell is not None:
      self._cell += data
    elif not self._table and not self._ignored:
      self.text += data


def rows_of(folder, name):
  with open(folder / 'tables' / f'{name}.csv', newline='', encoding='utf-8') as f:
    return list(csv.DictReader(f))


def numbers(cell):
  """The numbers in words, as floats."""
  return [float(number) for number in re.findall(r'[+-]?\d+(?:\.\d+)?', cell.replace('−', '-'))]


def test_every_number_of_a_table_is_in_its_csv(made):
  tables = Tables((made / 'index.html').read_text()).tables
  expected = {
    'table1a',
    'table1b',
    'table2a',
    'table2b',
    'table3a',
    'table3b',
    'rows',
    'differences',
    'coverage_bins',
    'coverage_classes',
    'correlations',
    'kept_original',
    'seeds',
    'classes',
    'examples',
  }
  assert set(tables) == expected
  for name, rows in tables.items():
    in_csv = rows_of(made, name)
    assert len(rows) == len(in_csv) and rows
    # A column of the page is one column of the CSV, or two for the bounds of an interval.
    columns = [
      (key, f'{key[:-4]}_high') if key.endswith('_low') else (key,)
      for key in in_csv[0]
      if not key.endswith('_high') and key != 'family'
    ]
    for cells, values in zip(rows, in_csv):
      for cell, keys in zip(cells, columns, strict=True):
        check(cell, [values[key] for key in keys])


def check(cell, values):
  """Checks that a cell is the value of the CSV, rounded to the digits that it shows."""
  if '' in values:
    assert cell == '–'
  elif cell == '< 0.001':
    assert 0 < float(values[0]) < 0.001
  elif cell != values[0]:  # text and counts are not rounded
    for part, value in zip(cell.replace('−', '-').split(' to '), values, strict=True):
      places = len(part.partition('.')[2])
      assert float(part) == pytest.approx(float(value), abs=0.5001 * 10**-places)


def test_every_number_of_the_findings_is_in_the_csv(made):
  page = (made / 'index.html').read_text()
  findings = re.search(r'<ul class="findings">(.*?)</ul>', page, re.DOTALL)[1]
  gaps = {(row['first'], row['second']): row for row in rows_of(made, 'differences')}
  found = re.findall(
    r'(\S+) − (\S+): (\S+) points \((\S+) to (\S+), (not )?clear of zero\)',
    re.sub('<[^>]*>', '', findings),
  )
  assert len(found) == 4
  for first, second, *shown, negated in found:
    row = gaps[first, second]
    for part, key, places in zip(
      shown, ('difference', 'difference_low', 'difference_high'), (2, 1, 1)
    ):
      assert numbers(part)[0] == pytest.approx(float(row[key]), abs=0.5001 * 10**-places)
    assert (row['clear_of_zero'] == 'no') == bool(negated)
  for item in findings.split('<li>')[1:]:
    signs = [
      not negated and numbers(gap)[0] > 0
      for gap, negated in re.findall(r': (\S+) points \([^,]*, (not )?clear', item)
    ]
    assert ('holds' in item) == all(signs)


def test_confusion_counts_follow_from_videos(made):
  with open(made / 'videos.csv', newline='') as f:
    videos = list(csv.DictReader(f))
  for name in ('1b-rgb', '2a'):
    for row in rows_of(made, f'confusion_{name}'):
      for predicted in paper_results.CLASSES:
        assert int(row[predicted]) == sum(
          v['row'] == name and v['class'] == row['is'] and v['prediction'] == predicted
          for v in videos
        )


def test_the_page_is_self_contained_and_its_links_exist(made):
  page = (made / 'index.html').read_text()
  assert '{{' not in page and 'http' not in re.sub(r'base64,[^"]*', '', page)
  ids = re.findall(r' id="([^"]*)"', page)
  assert len(ids) == len(set(ids))
  links = re.findall(r'href="([^"]*)"', page)
  for link in links:
    if link.startswith('#'):
      assert f'id="{link[1:]}"' in page
    elif not link.startswith('data:'):
      assert (made / link).exists(), link
  assert page.count('<img ') == len(
    [name for name in os.listdir(made / 'figures') if name.endswith('.svg')]
  )


def test_demo_results_are_distinguished_from_published_ones(made):
  seen = Tables((made / 'index.html').read_text())
  assert 'not of UCF101' in seen.text and 'The place predicts the class' in seen.text
  for name, headings in seen.headings.items():
    published = [heading for heading in headings if 'ublished' in heading]
    assert all(heading == 'Published (UCF101)' for heading in published)
    assert bool(published) == (name.startswith('table') or name == 'rows')


def test_the_page_says_that_the_hole_was_not_asked(made):
  text = Tables((made / 'index.html').read_text()).text
  assert 'How much these tell alone was not asked here' in text


_TELLS, _ASKED = 'need not be what 2b and 3b know', 'How much these tell alone was not asked'


# A network that learned nothing from the hole says that it tells nothing; a nearest box that is
# wrong says nothing of the outline.
@pytest.mark.parametrize(
  'row, right, said',
  [
    ('3-silhouette', 10, _TELLS),
    ('3-silhouette', 1, 'not shown'),
    ('0-tube', 10, _TELLS),
    ('0-tube', 1, _ASKED),
  ],
)
def test_the_page_says_what_the_hole_tells(tmp_path, row, right, said):
  names = ('1b-rgb', '2b', '2-silhouette')
  paper_results.write(tmp_path, splits=(1,), names=names, groups=2, clips=1)
  # A row of the hole alone that is right in `right` of ten classes.
  conditions = tmp_path / 'conditions.json'
  conditions.write_text(conditions.read_text().replace('2-silhouette', row))
  rows = (tmp_path / 'results' / '2-silhouette.split1.seed0.csv').read_text().splitlines()
  with open(tmp_path / 'results' / f'{row}.split1.seed0.csv', 'w') as f:
    f.write(f'{rows[0]}\n')
    for line in rows[1:]:
      cells = line.split(',')
      label = int(cells[1])
      answer = label if label < right else 0
      cells[4:6] = [str(answer), str(int(answer == label))]
      cells[9:] = [str(float(i == answer)) for i in range(10)]
      f.write(','.join(cells) + '\n')
  report.make(str(tmp_path), str(tmp_path / 'report'), draws=200, seed=5)
  page = (tmp_path / 'report' / 'index.html').read_text()
  assert said in page
  assert (f'which alone tells the action: {row} is right in 100.00%' in page) == (right == 10)
  assert ('class="caveat"' in page) == (right == 10 or said == _ASKED)


def test_the_page_says_that_few_groups_tell_little(made, tmp_path):
  assert 'How much groups differ' not in (made / 'index.html').read_text()
  paper_results.write(tmp_path, splits=(1,), names=('2b',), groups=2, clips=1)
  path = tmp_path / 'results' / '2b.split1.seed0.csv'
  path.write_text(re.sub(r',g0(\d),', r',all/g0\1,', path.read_text()))  # shared by all classes
  page, _ = report.make(str(tmp_path), str(tmp_path / 'report'))
  text = pathlib.Path(page).read_text()
  assert 'A split has only 2 groups.' in text


def test_an_interval_that_excludes_zero_is_no_evidence_without_the_test(tmp_path):
  paper_results.write(tmp_path, splits=(1,), names=('1b-rgb', '2b', '2a'), groups=2, clips=4)
  for path in (tmp_path / 'results').glob('*.csv'):
    path.write_text(re.sub(r',g0(\d),', r',all/g0\1,', path.read_text()))
  page, _ = report.make(str(tmp_path), str(tmp_path / 'report'))
  text = re.sub('<[^>]*>', '', pathlib.Path(page).read_text())
  assert 'not clear of zero): its interval excludes zero, but the paired test gives p = 0.5' in text


def test_the_page_says_what_is_left_out(made):
  text = Tables((made / 'index.html').read_text()).text
  assert 'Figure 3 is left out: /nowhere/records: expected a folder' in text
  assert not (made / 'figures' / 'figure3.svg').exists()


def test_the_report_is_deterministic(made, tmp_path):
  report.make(str(made.parent), str(tmp_path), draws=DRAWS, seed=5)
  for folder, _, names in os.walk(made):
    for name in names:
      path = os.path.relpath(os.path.join(folder, name), made)
      assert (tmp_path / path).read_bytes() == (made / path).read_bytes(), path


@pytest.mark.parametrize('names', [('2a',), ('1b-flow',), ('2b-elsewhere', '1b-diversity3')])
def test_a_single_condition_makes_a_report(tmp_path, names):
  paper_results.write(tmp_path, splits=(3,), names=names, groups=1, clips=1)
  path, _ = report.make(str(tmp_path), str(tmp_path / 'report'), draws=100)
  page = pathlib.Path(path).read_text(encoding='utf-8')
  assert 'not all of these rows were run' in page and 'nan' not in Tables(page).text
  assert 'nan' not in str(Tables(page).tables)


def test_names_cannot_break_the_page(tmp_path):
  hostile = ['A<b>&"', 'B</style><script>alert(1)</script>', 'C{{title}}_%$#']
  paper_results.write(
    tmp_path, splits=(1,), names=('2a', '2b'), label_names=hostile, groups=2, clips=1
  )
  path, _ = report.make(str(tmp_path), str(tmp_path / 'report'), draws=100)
  page = pathlib.Path(path).read_text(encoding='utf-8')
  assert '<script' not in page and page.count('</style>') == 1
  assert [row[1] for row in Tables(page).tables['classes']] == sorted(hostile)


# === The command ===


def test_a_damaged_result_is_named_and_the_rest_is_done(tmp_path):
  paper_results.write(tmp_path / 'paper', splits=(1,), names=('2a', '2b'), groups=2, clips=1)
  damaged = tmp_path / 'paper' / 'results' / '2a.split1.seed0.csv'
  damaged.write_bytes(damaged.read_bytes()[:500])
  out, err = commands.run('i3d_tf.report', '--draws=100', cwd=tmp_path, status=1)
  assert 'Traceback' not in err
  assert err.count('2a.split1.seed0.csv: expected the rows of a result') == 1
  assert '1 result files cannot be used' in err
  assert os.path.join('paper', 'report', page_lib.PAGE) in out
  page = (tmp_path / 'paper' / 'report' / 'index.html').read_text()
  assert 'role="alert"' in page and '2a.split1.seed0.csv: expected' in page


@pytest.mark.parametrize(
  'arguments, message',
  [
    (('--run_dir=nowhere',), 'nowhere: expected a folder made by reproduce (--run_dir)'),
    (('--run_dir=.',), 'conditions.json: expected what reproduce writes'),
    (('--run_dir=paper', '--examples=v_X_g01_c01'), '--examples: expected videos'),
    (('--run_dir=paper', '--draws=1'), '--draws'),
    (('--run_dir=paper', 'more'), 'expected flags only'),
  ],
)
def test_bad_input_is_one_line(tmp_path, arguments, message):
  paper_results.write(tmp_path / 'paper', splits=(1,), names=('2a',), groups=1, clips=1)
  assert message in commands.error('i3d_tf.report', *arguments, cwd=tmp_path)


# === In a browser ===


def test_a_browser_shows_it(made, tmp_path):
  with browser_lib.open_browser(str(tmp_path / 'profile')) as browser:
    backgrounds = []
    for dark in (False, True):
      for width in (1000, 400):
        browser.look(width, 900, dark)
        browser.open(str(made / 'index.html'))
        # Only tables and figures that scroll may be wider than the window.
        assert browser.run('document.documentElement.scrollWidth <= innerWidth')
        assert browser.run('[...document.images].every(i => i.complete && i.naturalWidth > 0)')
      backgrounds.append(browser.run('getComputedStyle(document.body).backgroundColor'))
    assert backgrounds[0] != backgrounds[1]
    browser.click('nav a[href="#coverage"]')
    browser.wait('scrollY > 0 && location.hash === "#coverage"')
    assert browser.errors == []


def test_a_report_waits_for_another_command_that_makes_it(tmp_path):
  paper_results.write(tmp_path, splits=(1,), names=('1b-rgb',), groups=2, clips=1)
  output = tmp_path / 'report'
  making = threading.Thread(
    target=report.make, args=(str(tmp_path), str(output)), kwargs={'draws': 100}
  )
  with files.locked(output):
    making.start()
    making.join(timeout=2)
    assert making.is_alive() and not os.listdir(output)
  making.join(timeout=120)
  assert not making.is_alive() and (output / 'index.html').exists()
