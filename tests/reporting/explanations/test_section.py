"""The section of the page: its text, its files, and that every number is in a CSV file."""

import csv
import pathlib
import re

import pytest

from i3d_tf.attribution import row_files
from i3d_tf.reporting import report
from i3d_tf.reporting.explanations import load
from i3d_tf.reporting.explanations import section
from i3d_tf.statistics import stats
from tests import commands
from tests import paper_results
from tests.reporting import test_report
from tests.reporting.explanations import written

_NAMES = ('shares', 'classes', 'coverage', 'correlations', 'randomised', 'curves', 'agreement')


@pytest.fixture(scope='module', name='made')
def _made(tmp_path_factory):
  """The folder of a report whose results have explanations beside them."""
  folder = tmp_path_factory.mktemp('paper')
  paper_results.write(folder, splits=(1,), names=('1b-rgb', '2a', '2b'), groups=2, clips=1)
  written.write(folder / load.FOLDER, 'test1')
  written.write(folder / load.FOLDER, 'test2', source='runs/1b.split2', with_checks=False)
  report.make(str(folder), str(folder / 'report'), draws=200, seed=5)
  return folder / 'report'


def of_section(page):
  return re.search(r'<section id="where">(.*?)</section>', page, re.DOTALL)[1]


def test_every_number_of_a_table_is_in_its_csv(made):
  tables = test_report.Tables(of_section((made / 'index.html').read_text())).tables
  assert set(tables) == {f'explained_{name}' for name in _NAMES}
  for name, rows in tables.items():
    in_csv = test_report.rows_of(made, name)
    assert len(rows) == len(in_csv) and rows
    columns = [
      (key, f'{key[:-4]}_high') if key.endswith('_low') else (key,)
      for key in in_csv[0]
      if not key.endswith('_high') and key != 'area_low'  # the interval of the area: in the CSV
    ]
    for cells, values in zip(rows, in_csv):
      for cell, keys in zip(cells, columns, strict=True):
        test_report.check(cell, [values[key] for key in keys])


def test_every_row_of_explain_is_beside_the_page(made):
  with open(made / section.ROWS, newline='') as f:
    found = list(csv.DictReader(f))
  assert tuple(found[0]) == ('of', *row_files.COLUMNS)
  expected = [row.cells() for row in written.rows()]
  for name in ('runs/1b, test1', 'runs/1b.split2, test2'):
    rows = [list(row.values())[1:] for row in found if row['of'] == name]
    assert rows == [[_text(cell) for cell in cells] for cells in expected]
  with open(made / section.CHECKS, newline='') as f:
    checks = list(csv.reader(f))[1:]
  assert checks == [['runs/1b, test1', *map(_text, row)] for row in written.checks()]


def _text(cell):
  if cell is None:
    return ''
  return str(int(cell) if isinstance(cell, bool) else cell)


def test_the_page_shows_figures_and_what_a_share_is_not(made):
  page = of_section((made / 'index.html').read_text())
  assert re.findall(r'id="figure-(explained\w*)"', page) == [
    'explained1',
    'explained2',
    'explained_checks1',
  ]
  for name in ('explained1.svg', 'explained1.png', 'explained_checks1.svg', 'explained2.png'):
    assert (made / 'figures' / name).exists()
  text = test_report.Tables(page).text
  assert 'What a share is not' in text and 'Cells of Grad-CAM at Mixed_4f may be larger' in text
  assert 'explanations.csv and explanation_checks.csv' in text and 'nan' not in text


def test_the_same_call_makes_the_same_files(made, tmp_path):
  report.make(str(made.parent), str(tmp_path), draws=200, seed=5)
  for name in ('explained_shares.csv', 'explained_randomised.tex'):
    assert (tmp_path / 'tables' / name).read_bytes() == (made / 'tables' / name).read_bytes()
  for name in ('explained1.svg', 'explained_checks1.png'):
    assert (tmp_path / 'figures' / name).read_bytes() == (made / 'figures' / name).read_bytes()
  assert (tmp_path / 'index.html').read_bytes() == (made / 'index.html').read_bytes()


def test_without_explanations_the_page_says_how_to_ask(tmp_path):
  paper_results.write(tmp_path, splits=(1,), names=('2a',), groups=1, clips=1)
  path, made = report.make(str(tmp_path), str(tmp_path / 'report'), draws=100)
  page = of_section(pathlib.Path(path).read_text())
  assert 'was not asked' in page and 'explain' in page and '<table' not in page
  assert made.where is None and not (tmp_path / 'report' / section.ROWS).exists()
  assert section.make((), stats.Statistic(100, 0)) is None


def test_without_people_and_checks_the_page_says_so(tmp_path):
  paper_results.write(tmp_path, splits=(1,), names=('2a',), groups=1, clips=1)
  nobody = written.rows(without_person=range(written.VIDEOS))
  written.write(tmp_path / load.FOLDER, given=nobody, with_checks=False)
  path, _ = report.make(str(tmp_path), str(tmp_path / 'report'), draws=100)
  text = test_report.Tables(of_section(pathlib.Path(path).read_text())).text
  assert 'No video has both a person and a map' in text and '12 videos of runs/1b' in text
  assert 'Nobody checked it here' in text
  assert not (tmp_path / 'report' / section.CHECKS).exists()


def test_names_cannot_break_the_page(tmp_path):
  hostile = '</style><script>alert(1)</script>'
  paper_results.write(tmp_path, splits=(1,), names=('2a',), groups=1, clips=1)
  written.write(tmp_path / load.FOLDER, source=hostile)
  path, _ = report.make(str(tmp_path), str(tmp_path / 'report'), draws=100)
  assert '<script' not in pathlib.Path(path).read_text()


# === The command ===


def test_the_command_takes_files_and_names_what_it_cannot_use(tmp_path):
  paper_results.write(tmp_path / 'paper', splits=(1,), names=('2a', '2b'), groups=2, clips=1)
  written.write(tmp_path / 'good')
  written.write(tmp_path / 'bad')
  (tmp_path / 'bad' / 'test1.csv').write_text('video\n')
  arguments = ('--draws=100', '--explanations=good/test1.csv,bad')
  out, err = commands.run('i3d_tf.report', *arguments, cwd=tmp_path, status=1)
  assert err.count('bad/test1.csv: expected what explain writes') == 1
  assert '1 result files cannot be used' in err and 'open' in out
  page = (tmp_path / 'paper' / 'report' / 'index.html').read_text()
  assert 'role="alert"' in page and 'explained_shares' in page


def test_explanations_that_are_not_there_are_one_line(tmp_path):
  paper_results.write(tmp_path / 'paper', splits=(1,), names=('2a',), groups=1, clips=1)
  message = commands.error('i3d_tf.report', '--explanations=nowhere', cwd=tmp_path)
  assert message == (
    'nowhere: expected a folder that explain wrote, or a CSV file in it (--explanations); no such '
    'file or folder'
  )
