"""Networks whose answers are known: what each treatment leaves them, and what it takes away."""

import itertools

import numpy as np
import pytest

from i3d_tf.inputs import fills
from tests import walking

_SIDE, _FRAMES = 32, 6
_PLACES = np.array([[0.9, 0.1, 0.1], [0.1, 0.9, 0.1], [0.1, 0.1, 0.9]])
_CLASSES = range(3)


def _figures():
  """Outlines of one bounding box, bool [3, 9, 9]: a frame, a cross, and diagonals."""
  rows, columns = np.mgrid[:9, :9]
  edge = (rows % 8 == 0) | (columns % 8 == 0)
  cross = (rows == 4) | (columns == 4)
  diagonals = (rows == columns) | (rows == 8 - columns)
  return np.array([edge, cross, diagonals])


def _videos():
  """(clips, masks): of each class a black person of its outline who walks, in its own place."""
  clips = np.tile(_PLACES[:, np.newaxis, np.newaxis, np.newaxis], (1, _FRAMES, _SIDE, _SIDE, 1))
  masks = np.zeros(clips.shape[:4], np.uint8)
  for label, figure in enumerate(_figures()):
    for frame in range(_FRAMES):
      at = slice(10, 19), slice(2 + 3 * frame, 11 + 3 * frame)
      masks[(label, frame, *at)] = figure
      clips[(label, frame, *at)][figure] = -1
  return clips.astype(np.float32), masks


def _outline(clips):
  """Answers from the outline of what is black, moved to a corner and averaged over time."""
  answers = []
  for clip in clips:
    black = (clip == -1).all(-1)
    crops = []
    for frame in black:
      rows, columns = np.nonzero(frame)
      crops.append(frame[rows.min() :, columns.min() :][:9, :9] if rows.size else np.zeros((9, 9)))
    mean = np.mean(crops, axis=0)
    distances = [np.abs(mean - figure).sum() for figure in _figures()]
    answers.append(int(np.argmin(distances)))
  return answers


def _place(clips):
  """Answers from the corner of the first frame."""
  return [int(np.argmax(clip[0, 0, 0])) for clip in clips]


def _still(clips):
  """Answers from the outline in the middle frame alone."""
  return _outline(clips[:, _FRAMES // 2 :][:, :1])


def _motion(clips):
  """Answers the class where the person walks to the right, and the next where not."""
  answers = []
  for label, clip in enumerate(clips):
    columns = [np.nonzero((frame == -1).all(-1))[1].mean() for frame in clip]
    answers.append(label if columns[-1] > columns[0] else (label + 1) % 3)
  return answers


def _accuracy(oracle, name):
  clips, masks = _videos()
  treated = walking.treat(name, clips, masks, (True,) * 3, seeds=np.arange(3))
  return np.mean(np.equal(oracle(treated), _CLASSES))


def _partner(order):
  """The videos as partners, in another order."""
  clips, masks = _videos()
  return fills.Partner(clips[order], masks[order], np.array([True] * 3))


def _with_other_classes(oracle, name):
  """The accuracy over all pairs of classes: what the draws of partners give on average."""
  clips, masks = _videos()
  right = []
  for label, other in itertools.permutations(_CLASSES, 2):
    partner = _partner([other] * 3)
    treated = walking.treat(name, clips, masks, (True,) * 3, seeds=np.arange(3), partner=partner)
    right.append(oracle(treated)[label] == label)
  return np.mean(right)


@pytest.mark.parametrize('name', ['activity-united', 'both-united'])
def test_a_united_hole_tells_the_outline_oracle_at_most_one_of_two(name):
  """Nobody could do better: the hole of a with b is that of b with a."""
  alone = {'activity-united': 'activity', 'both-united': 'both'}[name]
  oracle = _outline if name.startswith('activity') else lambda clips: _outline(-clips)
  assert _accuracy(oracle, alone) == 1
  assert _with_other_classes(oracle, name) <= 1 / 2
  assert _with_other_classes(_place, 'activity-united') == 1


@pytest.mark.parametrize(
  'oracle, name, expected',
  [
    (_outline, 'none', 1),
    (_outline, 'activity', 1),  # the hole acts
    (_outline, 'activity-box', 1 / 3),
    (_outline, 'activity-tube', 1 / 3),
    (_outline, 'activity-inpaint', 1 / 3),
    (_outline, 'none-still', 1),
    (_place, 'none', 1),
    (_place, 'activity-inpaint', 1),
    (_place, 'activity-tube', 1),
    (_place, 'background', 1 / 3),
    (_still, 'none', 1),
    (_still, 'none-still', 1),
    (_still, 'activity-still', 1),
    (_outline, 'background-stripes', 1),
    (_outline, 'background-stripes-still', 1),
    (_motion, 'background-stripes', 1),
    (_motion, 'background-stripes-still', 0),
    (_motion, 'none', 1),
    (_motion, 'activity-box', 1),  # a box still moves
    (_motion, 'activity-tube', 0),
    (_motion, 'none-still', 0),
    (_motion, 'none-reversed', 0),
  ],
)
def test_what_a_treatment_leaves(oracle, name, expected):
  assert _accuracy(oracle, name) == pytest.approx(expected)


@pytest.mark.parametrize('fill', ['other', 'picture', 'picture-still'])
def test_a_place_oracle_answers_the_class_of_the_place(fill):
  """SBErr is 100%: the person on it changes nothing."""
  clips, masks = _videos()
  for label, other in itertools.permutations(_CLASSES, 2):
    partner = _partner([other] * 3)
    pasted = walking.treat(f'background-{fill}', clips, masks, (True,) * 3, partner=partner)
    assert _place(pasted)[label] == other


def test_on_stripes_a_place_oracle_is_at_chance():
  """Over draws: the stripes of a video are the same whatever its class."""
  clips, masks = _videos()
  answers = []
  for seed in range(40):
    treated = walking.treat('background-stripes', clips, masks, (True,) * 3, seeds=[seed] * 3)
    answers.append(_place(treated))
    assert len(set(answers[-1])) == 1  # one of three is right, always
  assert set(np.ravel(answers)) == set(_CLASSES)


def test_on_a_place_of_the_same_class_a_place_oracle_is_right():
  clips, masks = _videos()
  pasted = walking.treat('background-same', clips, masks, (True,) * 3, twin=_partner([0, 1, 2]))
  assert _place(pasted) == list(_CLASSES)
