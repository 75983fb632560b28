"""Which classes of a network are right for those of a data set."""

import re

import pytest

from i3d_tf.classifiers import class_map
from i3d_tf.common import errors

_NETWORK = ['push up', 'situp', 'throwing ball', 'catching or throwing baseball', 'yoga']


def _write(path, *rows):
  path.write_text('class,accepted\n' + ''.join(f'{row}\n' for row in rows))
  return path


def test_a_map_is_read_with_several_accepted_classes(tmp_path):
  path = _write(
    tmp_path / 'map.csv',
    'BaseballPitch,catching or throwing baseball',
    'BaseballPitch,throwing ball',
    'PushUps,push up',
    'PushUps,push up',
  )
  assert class_map.read(path) == {
    'BaseballPitch': ['catching or throwing baseball', 'throwing ball'],
    'PushUps': ['push up'],
  }


@pytest.mark.parametrize(
  'content, message',
  [
    ('class,kinetics\na,b\n', 'expected a CSV file with the columns class and accepted; found cla'),
    ('', 'expected a CSV file with the columns class and accepted; found none'),
    ('class,accepted\n', 'expected one row for each accepted class; found none'),
    (
      'class,accepted\na,\n',
      ":2: expected a class of the data set and one of the network; found 'a'",
    ),
    ('class,accepted\na,b,c\n', "found 'a', 'b' and more"),
  ],
)
def test_a_file_that_is_no_map_is_refused(tmp_path, content, message):
  (tmp_path / 'map.csv').write_text(content)
  with pytest.raises(errors.UserError, match=re.escape(message)):
    class_map.read(tmp_path / 'map.csv')


def test_classes_go_by_their_own_names_unless_the_map_says_otherwise():
  assert class_map.match(['yoga', 'situp'], _NETWORK) == ((4,), (1,))
  given = {'Baseball': ['throwing ball', 'catching or throwing baseball']}
  accepted = class_map.match(['Baseball', 'yoga'], _NETWORK, given)
  assert accepted == ((2, 3), (4,))
  assert class_map.as_names(['Baseball', 'yoga'], _NETWORK, accepted) == {
    'Baseball': ['throwing ball', 'catching or throwing baseball'],
    'yoga': ['yoga'],
  }
  assert class_map.as_names(['yoga'], _NETWORK, ((4,),)) is None


def test_a_class_may_list_what_is_right_for_it():
  assert class_map.match(['push up|situp', 'yoga'], _NETWORK) == ((0, 1), (4,))


def test_a_name_that_the_network_has_twice_is_accepted_in_both_places():
  assert class_map.match(['a'], ['a', 'b', 'a']) == ((0, 2),)


@pytest.mark.parametrize(
  'names, given, message',
  [
    (['PushUp'], None, "the network has no 'PushUp' (near: push up)"),
    (['yoga'], {'Yogas': ['yoga']}, "the data set has no 'Yogas' (near: yoga)"),
    (['a'], {'a': ['pushup']}, "the network has no 'pushup' (near: push up)"),
    (['push up|sit-ups'], None, "the network has no 'push up|sit-ups'"),
  ],
)
def test_what_either_side_lacks_is_named_with_what_is_near(names, given, message):
  with pytest.raises(errors.UserError, match=re.escape(message)):
    class_map.match(names, _NETWORK, given)
