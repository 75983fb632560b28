"""Figures show the numbers of rows and tables: points are read back from the drawing."""

import numpy as np
import pytest

from i3d_tf.reporting.explanations import figures
from i3d_tf.reporting.explanations import load
from i3d_tf.reporting.explanations import tables
from i3d_tf.statistics import stats
from tests.reporting.explanations import written


@pytest.fixture(scope='module', name='one')
def _one(tmp_path_factory):
  ((found,), _) = load.find('', [written.write(tmp_path_factory.mktemp('explained'))])
  return found


@pytest.fixture(scope='module', name='made')
def _made(one):
  return tables.make([one], stats.Statistic(200, 0))


def test_each_video_is_a_point_of_every_panel(one, made):
  left, middle, right = figures.shares(one, made).axes
  areas = [100 * written.area(n) for n in range(written.VIDEOS)]
  for index, method in enumerate(written.METHODS):
    shares = [100 * written.share(n, method) for n in range(written.VIDEOS)]
    lost = [100 * written.lost(n) for n in range(written.VIDEOS)]
    pairs = (
      (left, areas, shares),
      (middle, areas, np.divide(shares, areas)),
      (right, shares, lost),
    )
    for axis, x, y in pairs:
      found = [line for line in axis.lines if line.get_alpha()][index]
      np.testing.assert_allclose(found.get_xdata(), x)
      np.testing.assert_allclose(found.get_ydata(), y, atol=1e-9)


def test_means_of_bins_are_those_of_the_table(one, made):
  left, middle, _ = figures.shares(one, made).axes
  for axis, key in ((left, 'share'), (middle, 'ratio')):
    assert [c.get_label() for c in axis.containers] == list(written.METHODS)
    for method, container in zip(written.METHODS, axis.containers):
      rows = [
        r for r in made.coverage.rows if (r['target'], r['method']) == (one.rows[0].target, method)
      ]
      assert list(container[0].get_ydata()) == pytest.approx([row[key] for row in rows])
      assert list(container[0].get_xdata()) == pytest.approx([row['area'] for row in rows])


def test_a_map_that_knows_nothing_is_drawn(one, made):
  left, middle, _ = figures.shares(one, made).axes
  (nothing,) = [line for line in left.lines if line.get_label() == 'a map that knows nothing']
  assert list(nothing.get_xdata()) == list(nothing.get_ydata()) == [0, 100]
  assert [1, 1] in [list(line.get_ydata()) for line in middle.lines]


def test_without_people_there_is_no_figure(tmp_path):
  nobody = written.rows(without_person=range(written.VIDEOS))
  ((found,), _) = load.find('', [written.write(tmp_path, given=nobody, with_checks=False)])
  made = tables.make([found], stats.Statistic(200, 0))
  assert figures.shares(found, made) is None
  assert figures.randomised(found.name, made.randomised) is None


def test_one_video_is_drawn_without_intervals(tmp_path):
  ((found,), _) = load.find('', [written.write(tmp_path, given=written.rows(1))])
  figure = figures.shares(found, tables.make([found], stats.Statistic(200, 0)))
  assert [len(line.get_xdata()) for line in figure.axes[0].lines if line.get_alpha()] == [1, 1]


def test_the_share_falls_stage_by_stage(one, made):
  (axis,) = figures.randomised(one.name, made.randomised).axes
  assert [t.get_text() for t in axis.get_xticklabels()] == list(written.STAGES)
  first, second, area = axis.lines
  for line, method in ((first, 'gradcam'), (second, 'smoothgrad')):
    assert line.get_label() == method
    assert list(line.get_ydata()) == pytest.approx([60, 30, 10])
  assert area.get_ydata()[0] == pytest.approx(made.randomised.rows[0]['area'])
