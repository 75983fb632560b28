"""Figures show the numbers of the tables: points are read back from the drawing."""

import dataclasses
import xml.etree.ElementTree

import cv2
import pytest

from i3d_tf.reporting import class_figures
from i3d_tf.reporting import figures
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


def test_differences_and_accuracies_agree_with_the_tables(tables):
  figure = figures.differences(tables.differences)
  points = [float(container[0].get_xdata()[0]) for container in figure.axes[0].containers]
  assert points == pytest.approx([row['difference'] for row in tables.differences.rows])
  hollow = [
    container[0].get_markerfacecolor() == 'white' for container in figure.axes[0].containers
  ]
  assert hollow == [row['clear_of_zero'] == 'no' for row in tables.differences.rows]
  for published in (False, True):
    figure = figures.accuracies(tables, published)
    (container,) = figure.axes[0].containers
    assert list(container[0].get_xdata()) == [row['accuracy'] for row in tables.rows.rows]
    assert any('published (UCF101)' in text for text in texts(figure)) == published


def test_coverage_shows_bins_and_classes(tables):
  figure = figures.coverage(tables)
  left, right = figure.axes
  drawn = {container.get_label(): list(container[0].get_ydata()) for container in left.containers}
  assert set(drawn) == {'1b-rgb', '2a', '2b', '3a', '3b'}
  assert drawn['2a'] == [row['accuracy'] for row in tables.coverage_bins.rows if row['row'] == '2a']
  points = {line.get_label()[:2]: list(line.get_xdata()) for line in right.get_lines()}
  assert points['2b'] == [
    row['coverage'] for row in tables.coverage_classes.rows if row['row'] == '2b'
  ]


def test_growth_shows_the_rows_that_differ_in_it_alone(tables):
  assert figures.growth(tables) is None
  grown = [(33, 40.0), (0, 60.0), (9, 50.0)]
  rows = [
    {
      'row': f'2b-grown{size}',
      'tested_on': f'activity-grown{size}',
      'accuracy': accuracy,
      'accuracy_low': accuracy - 5,
      'accuracy_high': accuracy + 3,
    }
    for size, accuracy in grown
  ]
  rows.append({**rows[0], 'row': '2a-grown5', 'tested_on': 'background-grown5'})  # alone: no line
  table = dataclasses.replace(tables.rows, rows=(*tables.rows.rows, *rows))
  (axis,) = figures.growth(dataclasses.replace(tables, rows=table)).axes
  (line,) = axis.containers
  assert line.get_label() == '2b'
  assert list(line[0].get_xdata()) == [0, 9, 33] and list(line[0].get_ydata()) == [60, 50, 40]


def test_files_are_complete_and_deterministic(tables, tmp_path):
  for folder in ('one', 'two'):
    figure = class_figures.bars(tables, ['1b-rgb'], [1])
    figures.save(figure, tmp_path / folder, 'figure1')
  for suffix in ('svg', 'png'):
    contents = {(tmp_path / folder / f'figure1.{suffix}').read_bytes() for folder in ('one', 'two')}
    assert len(contents) == 1
  svg = xml.etree.ElementTree.parse(tmp_path / 'one' / 'figure1.svg').getroot()
  # The width of a page minus the margin that is cut off; a point is 1 / 72 inch.
  assert float(svg.get('width')[:-2]) == pytest.approx(72 * figures.PAGE, rel=0.03)
  image = cv2.imread(str(tmp_path / 'one' / 'figure1.png'))
  assert image.shape[1] == pytest.approx(200 * figures.PAGE, rel=0.03)
  assert (image[0, 0] == 255).all()
