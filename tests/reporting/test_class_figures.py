"""Figures by class show the numbers of the results: bars and cells are read back."""

import dataclasses

import numpy as np
import pytest

from i3d_tf.reporting import class_figures
from i3d_tf.reporting import load_results
from i3d_tf.reporting import tables as tables_lib
from tests import paper_results


@pytest.fixture(scope='module', name='paper')
def _paper(tmp_path_factory):
  folder = tmp_path_factory.mktemp('paper')
  paper_results.write(folder, splits=(1, 2), groups=2, clips=2)
  return load_results.read(folder)


@pytest.fixture(scope='module', name='tables')
def _tables(paper):
  return tables_lib.make(paper, draws=200)


def texts(figure):
  return [text.get_text() for text in figure.findobj(lambda artist: hasattr(artist, 'get_text'))]


def heights(axis):
  """{label of bars: their heights}."""
  return {bars.get_label(): [bar.get_height() for bar in bars] for bars in axis.containers}


def test_bars_are_tested_and_misclassified_videos(paper, tables):
  figure = class_figures.bars(tables, ['2a', '2b'], [1, 2])
  assert len(figure.axes) == 4
  for axis, (name, split) in zip(figure.axes, [('2a', 1), ('2a', 2), ('2b', 1), ('2b', 2)]):
    result = paper.results[name, split, 0]
    wrong = np.bincount(result.labels[~result.correct], minlength=10)
    assert heights(axis) == {'tested': [4] * 10, 'misclassified': list(wrong)}
    assert axis.get_title('left').endswith(f'{name}, split {split}')
    assert axis.get_title('right') == f'{100 * result.correct.mean():.2f} %'
  colors = {bars.get_label(): bars[0].get_facecolor()[:3] for bars in figure.axes[0].containers}
  assert colors['tested'][0] < 0.5 < min(colors['tested'][1:])  # cyan
  assert colors['misclassified'][1] < 0.3 < 0.6 < colors['misclassified'][0]  # magenta


def test_a_split_that_was_not_run_says_so(tables):
  figure = class_figures.bars(tables, ['1b-rgb'], [1, 2, 3])
  assert texts(figure).count('not run') == 1
  assert not figure.axes[2].containers


def test_many_classes_are_numbered(tmp_path):
  names = [f'Class{number:03d}' for number in range(101)]
  paper_results.write(tmp_path, splits=(1,), names=('2a',), label_names=names, groups=1, clips=1)
  paper = load_results.read(tmp_path)
  tables = tables_lib.make(paper, draws=100)
  (axis,) = class_figures.bars(tables, ['2a'], [1]).axes
  assert list(axis.get_xticks()) == [1, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100]
  matrix = class_figures.confusion_matrix(*class_figures.confusion(paper, '2a')).axes[0]
  assert [label.get_text() for label in matrix.get_yticklabels()][:3] == ['1', '10', '20']


def test_confusion_is_counted_in_alphabetical_order(paper):
  # Labels that are not in alphabetical order.
  backwards = dataclasses.replace(paper, label_names=paper.label_names[::-1])
  counts, names = class_figures.confusion(backwards, '1b-rgb')
  assert names == sorted(paper.label_names)
  assert counts.sum() == 2 * 2 * 40  # seeds, splits, videos
  first = names.index('Lunges')
  label = backwards.label_names.index('Lunges')
  correct = sum(
    int((result.correct & (result.labels == label)).sum())
    for (name, _, _), result in paper.results.items()
    if name == '1b-rgb'
  )
  assert counts[first, first] == correct
  image = class_figures.confusion_matrix(counts, names).axes[0].images[0].get_array()
  np.testing.assert_allclose(np.sum(image, axis=1), 100)
  assert image[first, first] == pytest.approx(100 * correct / 16)
