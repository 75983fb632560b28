"""Every table agrees with one computed from videos.csv in plain Python."""

import collections
import csv
import math
import random
import statistics

import pytest

from i3d_tf.reporting import load_results
from i3d_tf.reporting import report
from i3d_tf.reporting import table as table_lib
from i3d_tf.reporting import tables as tables_lib
from tests import paper_results

DRAWS = 2000


@pytest.fixture(scope='module', name='made')
def _made(tmp_path_factory):
  """(videos.csv as dicts, a dict from name of a table to its CSV as dicts)."""
  folder = tmp_path_factory.mktemp('paper')
  paper_results.write(folder)
  paper = load_results.read(folder)
  report.write_videos(folder / 'videos.csv', paper)
  with open(folder / 'videos.csv', newline='') as f:
    videos = list(csv.DictReader(f))
  tables = {}
  for table in tables_lib.make(paper, draws=DRAWS).all:
    tables[table.name] = list(csv.DictReader(table_lib.to_csv(table).splitlines()))
  return videos, tables


def of(videos, **wanted):
  """{(split, video): (fraction of correct seeds, a row)} of the rows with these values."""
  found = collections.defaultdict(list)
  for row in videos:
    if all(row[key] == value for key, value in wanted.items()):
      found[row['split'], row['video']].append(row)
  return {
    key: (sum(int(row['correct']) for row in rows) / len(rows), rows[0])
    for key, rows in found.items()
  }


def mean_of_splits(values):
  """values: {(split, video): (value, row)}."""
  by_split = collections.defaultdict(list)
  for (split, _), (value, _) in values.items():
    by_split[split].append(value)
  return 100 * statistics.mean(sum(v) / len(v) for v in by_split.values())


def drawn_bounds(values, draws=600):
  """95% bounds of `mean_of_splits`: groups drawn with replacement, split by split."""
  rng = random.Random(0)
  groups = collections.defaultdict(lambda: collections.defaultdict(list))
  for (split, _), (value, row) in values.items():
    groups[split][row['group']].append(value)
  means = []
  for _ in range(draws):
    of_splits = []
    for of_split in groups.values():
      taken = [v for g in rng.choices(list(of_split), k=len(of_split)) for v in of_split[g]]
      of_splits.append(sum(taken) / len(taken))
    means.append(100 * statistics.mean(of_splits))
  means.sort()
  return means[round(0.025 * draws)], means[round(0.975 * draws) - 1]


def ranks(values):
  ordered = sorted(values)
  first = {value: index for index, value in reversed(list(enumerate(ordered)))}
  counts = collections.Counter(values)
  return [first[value] + (counts[value] - 1) / 2 for value in values]


def test_the_papers_tables(made):
  videos, tables = made
  for name, (number, _, _, _, published, _, _) in paper_results.CONDITIONS.items():
    if number is None:
      continue
    *splits, mean = tables[f'table{number}']
    assert [row['split'] for row in splits] == ['Split 1', 'Split 2', 'Split 3']
    for row, stated in zip(splits, published):
      values = of(videos, row=name, split=row['split'][-1])
      assert float(row[name]) == pytest.approx(mean_of_splits(values), rel=1e-9)
      assert float(row[f'{name}_published']) == stated
    values = of(videos, row=name)
    assert mean['split'] == 'Mean'
    assert float(mean[name]) == pytest.approx(mean_of_splits(values), rel=1e-9)
    assert float(mean[f'{name}_published']) == pytest.approx(statistics.mean(published))
    low, high = drawn_bounds(values)
    assert float(mean[f'{name}_low']) == pytest.approx(low, abs=1.5)
    assert float(mean[f'{name}_high']) == pytest.approx(high, abs=1.5)


def test_the_published_mean_is_of_the_splits_that_were_run(tmp_path):
  paper_results.write(tmp_path, splits=(1, 3), names=('2a',), groups=2, clips=1)
  tables = tables_lib.make(load_results.read(tmp_path), draws=20)
  (table,) = (table for table in tables.paper if table.name == 'table2a')
  assert table.rows[-1]['2a_published'] == pytest.approx((19.16 + 23.53) / 2)
  (row,) = (row for row in tables.rows.rows if row['row'] == '2a')
  assert row['published'] == pytest.approx((19.16 + 23.53) / 2)
  (other,) = (row for row in tables.rows.rows if row['row'] == '2b')  # not run
  assert other['published'] == pytest.approx((58.92 + 54.28 + 56.54) / 3)


def test_all_conditions_are_in_one_table(made):
  videos, tables = made
  assert [row['row'] for row in tables['rows']] == list(paper_results.CONDITIONS)
  for row in tables['rows']:
    values = of(videos, row=row['row'])
    assert float(row['accuracy']) == pytest.approx(mean_of_splits(values), rel=1e-9)
    assert int(row['videos']) == len(values)
    for split in '123':
      assert float(row[f'split{split}']) == pytest.approx(
        mean_of_splits(of(videos, row=row['row'], split=split)), rel=1e-9
      )


def test_differences(made):
  videos, tables = made
  rows = tables['differences']
  assert [(row['first'], row['second']) for row in rows if row['family'] == 'paper'] == [
    ('1b-rgb', '3b'),
    ('3b', '3a'),
    ('1b-rgb', '2b'),
    ('2b', '2a'),
  ]
  assert ('1b-rgb', '2b-elsewhere') in [(row['first'], row['second']) for row in rows]
  assert not any('diversity' in row['first'] + row['second'] for row in rows)
  for row in rows:
    # Only 1b-rgb has a second seed.
    first, second = (of(videos, row=row[key], seed='0') for key in ('first', 'second'))
    values = {key: (first[key][0] - second[key][0], first[key][1]) for key in first}
    assert float(row['difference']) == pytest.approx(mean_of_splits(values), rel=1e-9)
    low, high = drawn_bounds(values)
    assert float(row['difference_low']) == pytest.approx(low, abs=1.7)
    assert float(row['difference_high']) == pytest.approx(high, abs=1.7)
    clear = (float(row['difference_low']) > 0 or float(row['difference_high']) < 0) and (
      float(row['p']) < 0.05
    )
    assert row['clear_of_zero'] == ('yes' if clear else 'no')
    assert int(row['groups']) == len({(v['class'], v['group']) for _, v in values.values()})
    assert float(row['p']) == pytest.approx(flipped_p(values), abs=0.04)
  smallest = min(rows, key=lambda row: float(row['p']))
  assert float(smallest['p_holm']) == pytest.approx(
    min(1, len(rows) * float(smallest['p'])), rel=1e-9
  )
  assert all(float(row['p_holm']) >= float(row['p']) for row in rows)


def flipped_p(values, draws=2000):
  rng = random.Random(1)
  parts = collections.defaultdict(float)
  sizes = collections.Counter(split for split, _ in values)
  for (split, _), (value, row) in values.items():
    parts[row['group']] += value / sizes[split]
  observed = abs(sum(parts.values())) - 1e-12
  beyond = sum(
    abs(sum(part * rng.choice((-1, 1)) for part in parts.values())) >= observed
    for _ in range(draws)
  )
  return (beyond + 1) / (draws + 1)


def test_coverage(made):
  videos, tables = made
  for row in tables['coverage_bins']:
    low, high = float(row['from']), float(row['to'])
    last = high == max(float(other['to']) for other in tables['coverage_bins'])
    inside = [
      value
      for value, v in of(videos, row=row['row'], mask_found='1').values()
      if low - 1e-9 <= 100 * float(v['coverage']) < high - 1e-9
      or (last and 100 * float(v['coverage']) >= high - 1e-9)
    ]
    assert len(inside) == int(row['videos'])
    assert float(row['accuracy']) == pytest.approx(100 * statistics.mean(inside), rel=1e-9)
  for row in tables['coverage_classes']:
    found = list(of(videos, row=row['row'], mask_found='1', **{'class': row['class']}).values())
    assert float(row['coverage']) == pytest.approx(
      100 * statistics.mean(float(v['coverage']) for _, v in found), rel=1e-9
    )
    assert float(row['accuracy']) == pytest.approx(
      100 * statistics.mean(value for value, _ in found), rel=1e-9
    )
  for row in tables['correlations']:
    if row['level'] == 'videos':
      points = [
        (float(v['coverage']), value)
        for value, v in of(videos, row=row['row'], mask_found='1').values()
      ]
    else:
      points = [
        (float(other['coverage']), float(other['accuracy']))
        for other in tables['coverage_classes']
        if other['row'] == row['row']
      ]
    x, y = (ranks([round(value, 9) for value in values]) for values in zip(*points))
    assert float(row['rho']) == pytest.approx(statistics.correlation(x, y), abs=1e-6)
    assert int(row['points']) == len(points)
    assert float(row['rho_low']) <= float(row['rho']) <= float(row['rho_high'])
  rho = {
    row['row']: float(row['rho']) for row in tables['correlations'] if row['level'] == 'videos'
  }
  assert rho['2a'] > 0.1 > -0.1 > rho['2b']  # as the results were made


def test_kept_original(made):
  videos, tables = made
  for row in tables['kept_original']:
    values = of(videos, row=row['row'])
    kept = [v for _, v in values.values() if v['mask_found'] == '0']
    assert int(row['kept']) == len(kept) == 9 and int(row['videos']) == len(values)
    assert float(row['share']) == pytest.approx(100 * len(kept) / len(values))
    assert float(row['accuracy']) == pytest.approx(mean_of_splits(values), rel=1e-9)
    assert float(row['without']) == pytest.approx(
      mean_of_splits(of(videos, row=row['row'], mask_found='1')), rel=1e-9
    )


def test_seeds(made):
  videos, tables = made
  assert [(row['row'], row['split']) for row in tables['seeds']] == [
    ('1b-rgb', split) for split in '123'
  ]
  for row in tables['seeds']:
    accuracies = [
      mean_of_splits(of(videos, row='1b-rgb', split=row['split'], seed=seed)) for seed in '01'
    ]
    assert float(row['mean']) == pytest.approx(statistics.mean(accuracies))
    assert float(row['deviation']) == pytest.approx(statistics.stdev(accuracies))
    assert float(row['lowest']) == pytest.approx(min(accuracies))
    assert float(row['highest']) == pytest.approx(max(accuracies))


def test_classes_and_bars(made):
  videos, tables = made
  assert [(row['number'], row['class']) for row in tables['classes']] == [
    (str(number), name) for number, name in enumerate(sorted(paper_results.CLASSES), 1)
  ]
  for row in tables['classes']:
    for name in paper_results.CONDITIONS:
      values = [value for value, _ in of(videos, row=name, **{'class': row['class']}).values()]
      assert float(row[name]) == pytest.approx(100 * statistics.mean(values), rel=1e-9)
    assert int(row['videos']) == 36
  for row in tables['bars']:
    values = [
      value
      for value, _ in of(
        videos, row=row['row'], split=row['split'], **{'class': row['class']}
      ).values()
    ]
    assert int(row['videos']) == len(values)
    assert float(row['misclassified']) == pytest.approx(len(values) - sum(values))


# === What is missing ===


def test_missing_rows_and_splits_are_noted(tmp_path):
  paper_results.write(tmp_path, splits=(2,), names=('1b-rgb', '2a'), groups=2, clips=1)
  tables = tables_lib.make(load_results.read(tmp_path), draws=100)
  by_name = {table.name: table for table in tables.all}
  assert by_name['table2a'].note.startswith('Not run: split 1, 3.')
  assert by_name['table1b'].note.startswith('Not run: RGB split 1, 3; Flow split 1, 2, 3.')
  row = by_name['table2a'].rows[0]
  assert row['2a_published'] == 19.16 and '2a' not in row
  assert by_name['table3a'].rows[-1].get('3a') is None
  assert 'Not run: 1a, 1b-flow, 2b, 3a' in by_name['rows'].note
  assert by_name['differences'].rows == ()
  assert len(by_name['classes'].columns) == 4 + 2


def test_a_class_without_videos_has_no_accuracy(tmp_path):
  paper_results.write(tmp_path, splits=(1,), names=('2a',), groups=2, clips=2)
  path = tmp_path / 'results' / '2a.split1.seed0.csv'
  lines = path.read_text().splitlines(keepends=True)
  path.write_text(''.join(line for line in lines if not line.startswith('Lunges/')))
  tables = tables_lib.make(load_results.read(tmp_path), draws=100)
  lunges = tables.classes.rows[5]
  assert (lunges['class'], lunges['videos'], lunges['2a'], lunges['coverage']) == (
    'Lunges',
    0,
    None,
    None,
  )
  assert 'Lunges' not in [row['class'] for row in tables.coverage_classes.rows]


def test_without_masks_there_is_no_coverage(tmp_path):
  paper_results.write(tmp_path, splits=(1,), names=('1b-rgb',), groups=2, clips=1)
  for path in (tmp_path / 'results').iterdir():
    rows = list(csv.DictReader(path.read_text().splitlines()))
    with open(path, 'w', newline='') as f:
      writer = csv.DictWriter(f, list(rows[0]))
      writer.writeheader()
      writer.writerows({**row, 'coverage': '', 'mask_found': '0'} for row in rows)
  tables = tables_lib.make(load_results.read(tmp_path), draws=100)
  assert tables.coverage_bins.rows == tables.correlations.rows == ()
  (kept,) = tables.kept_original.rows
  assert kept['kept'] == kept['videos'] == 20 and 'without' not in kept
  assert kept['share'] == 100 and math.isclose(kept['share_low'], 100 * 0.025 ** (1 / 20))


@pytest.mark.parametrize(
  'names, kind',
  [
    (paper_results.CLASSES, 'demo set'),
    (('a', 'b', 'c'), '3 classes'),
    (('ApplyEyeMakeup', 'YoYo', *map(str, range(99))), 'UCF101'),
  ],
)
def test_data_sets_are_recognized_by_their_classes(names, kind):
  assert tables_lib.data_set(names) == kind
