"""Videos held out of a list: complete groups, the same ones for the same seed."""

import pytest

from i3d_tf.common import errors
from i3d_tf.records import hold_out
from i3d_tf.records import ucf101
from tests import fakes


def _ucf101(groups=10, clips=3):
  """Two classes; the folder of the second is spelled differently from its files."""
  return {
    f'{folder}/v_{name}_g{g:02d}_c{c:02d}.avi': label
    for label, (folder, name) in enumerate(
      [('Archery', 'Archery'), ('HandstandPushups', 'HandStandPushups')]
    )
    for g in range(1, groups + 1)
    for c in range(1, clips + 1)
  }


def _split(videos, amount, seed=0):
  return hold_out.split(videos, {path: path for path in videos}, amount, seed)


@pytest.mark.parametrize('amount, groups', [(3, 3), (1, 1), (0.3, 3), (0.01, 1), (9, 9)])
def test_split_holds_out_the_same_groups_of_every_class(amount, groups):
  videos = _ucf101()
  kept, held = _split(videos, amount)
  assert {**kept, **held} == videos and not kept.keys() & held.keys()
  held_groups = {ucf101.group(path) for path in held}
  assert len(held_groups) == groups
  assert not held_groups & {ucf101.group(path) for path in kept}
  for label in (0, 1):
    assert list(held.values()).count(label) == 3 * groups


def test_split_keeps_the_order_of_the_list():
  videos = _ucf101()
  for part in _split(videos, 4):
    assert list(part) == [path for path in videos if path in part]


def test_split_depends_on_the_seed_alone():
  chosen = [tuple(_split(_ucf101(), 3, seed)[1]) for seed in (0, 0, 1, 2)]
  assert chosen[0] == chosen[1]
  assert len(set(chosen)) > 1


def test_split_treats_files_without_group_names_as_groups():
  videos = {
    f'{"ab"[label]}/{n}_{part}.mp4': label for label in (0, 1) for n in range(8) for part in (0, 1)
  }
  names = {path: f'{path.split("_")[0]}.mp4' for path in videos}
  kept, held = hold_out.split(videos, names, 0.25, 0)
  assert [list(held.values()).count(label) for label in (0, 1)] == [4, 4]
  assert not {names[path] for path in kept} & {names[path] for path in held}


def test_split_keeps_clips_of_one_file_together_across_classes():
  videos = {f'{"ab"[label]}/{n}_{label}.mp4': label for label in (0, 1) for n in range(9)}
  names = {path: path.split('/')[1].split('_')[0] for path in videos}
  kept, held = hold_out.split(videos, names, 2, 0)
  assert not {names[path] for path in kept} & {names[path] for path in held}


@pytest.mark.parametrize('split', ucf101.SPLITS)
def test_split_cuts_the_official_training_lists(split):
  folder = fakes.shared('ucf101')
  classes = ucf101.read_classes(f'{folder}/classInd.txt')
  videos = ucf101.read_list(f'{folder}/{ucf101.list_name("train", split)}', classes)
  kept, held = _split(videos, 3)
  assert len(set(held.values())) == len(set(kept.values())) == 101
  assert len({ucf101.group(path) for path in held}) == 3
  assert len(kept) + len(held) == len(videos)


def test_split_rejects_an_amount_that_empties_a_class():
  with pytest.raises(errors.UserError) as error:
    _split(_ucf101(groups=3), 3)
  assert str(error.value) == (
    'expected fewer groups to hold out than there are; with 3 held out, no video of the class of '
    'Archery/v_Archery_g01_c01.avi would be left to train on (make_tfrecords --test=0 '
    'holds out none)'
  )


@pytest.mark.parametrize('amount', [0, -1, 1.5, -0.2, float('nan'), float('inf')])
def test_split_rejects_an_invalid_amount(amount):
  with pytest.raises(
    errors.UserError, match=r'expected a number of groups to hold out, or a share'
  ):
    _split(_ucf101(), amount)


def test_named_groups_are_held_out_of_every_class():
  videos = _ucf101()
  kept, held = hold_out.named(videos, ('g02', 'g10'))
  assert {**kept, **held} == videos and not kept.keys() & held.keys()
  assert {ucf101.group(path) for path in held} == {'g02', 'g10'}
  assert len(held) == 2 * 2 * 3


def test_sources_are_held_out_where_names_have_no_group():
  videos = {f'a/{n}_{part}-{part + 1}.mp4': 0 for n in range(3) for part in range(2)}
  _, held = hold_out.named(videos, ('a/1',))
  assert list(held) == ['a/1_0-1.mp4', 'a/1_1-2.mp4']


@pytest.mark.parametrize('chosen', ['3', '0.3'])
def test_a_number_of_groups_is_drawn(chosen):
  assert hold_out.named(_ucf101(), (chosen,)) == _split(_ucf101(), float(chosen))


@pytest.mark.parametrize(
  'chosen, message',
  [
    (('g11',), r'groups of the training list to hold out, g01, .*; received g11'),
    ((tuple(f'g{g:02d}' for g in range(1, 11))), 'would be left to train on'),
  ],
)
def test_groups_that_cannot_be_held_out_are_named(chosen, message):
  with pytest.raises(errors.UserError, match=message):
    hold_out.named(_ucf101(), chosen)


@pytest.mark.parametrize(
  'chosen', [('',), ('g01', 'g01'), ('g01', '2'), ('0',), ('-1',), ('1.5',), ('nan',), ('inf',)]
)
def test_what_no_list_could_hold_out_is_refused_at_once(chosen):
  with pytest.raises(errors.UserError, match='expected --hold_out of names of groups'):
    hold_out.check(chosen)
