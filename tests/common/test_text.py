"""Wording of messages."""

import pytest

from i3d_tf.common import text


@pytest.mark.parametrize(
  'names, most, line',
  [
    ([], 3, ''),
    (['a'], 3, 'a'),
    (['a', 'b', 'c'], 3, 'a, b, c'),
    (['a', 'b', 'c', 'd'], 3, 'a, b, c and 1 more'),
    (['a', 'b', 'c', 'd'], 1, 'a and 3 more'),
  ],
)
def test_long_lists_are_cut(names, most, line):
  assert text.some(names, most) == line


def test_three_names_by_default():
  assert text.some('abcde') == 'a, b, c and 2 more'


@pytest.mark.parametrize(
  'number, words, line',
  [
    (0, ('video',), '0 videos'),
    (1, ('video',), '1 video'),
    (12345, ('video',), '12,345 videos'),
    (1, ('class', 'classes'), '1 class'),
    (2, ('class', 'classes'), '2 classes'),
  ],
)
def test_a_count_agrees_with_its_noun(number, words, line):
  assert text.count(number, *words) == line
