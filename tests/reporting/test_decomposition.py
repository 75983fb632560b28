"""The decomposition: networks that know known shares of the videos by known cues."""

import json

import numpy as np
import pytest

from i3d_tf.inference import results
from i3d_tf.reporting import decomposition
from i3d_tf.reporting import load_results
from i3d_tf.statistics import stats

_NAMES = tuple('ABCDEFGHIJ')
_CHANCE = 10  # per cent
# The cues that a network sees in each row.
_SEEN = {
  '3-tube': {'where'},
  '3-box': {'where', 'motion'},
  '3-silhouette': {'where', 'motion', 'outline'},
  '3a': {'where', 'motion', 'outline', 'look'},
  '3b-inpaint': {'place'},
  '1b-squash': {'where', 'motion', 'outline', 'look', 'place'},
}
# The share of the videos, in per cent, that each cue tells; the rest is guessed.
_SHARES = {'where': 10, 'motion': 20, 'outline': 5, 'look': 25, 'place': 15}


def _cues(rng, shares):
  """For each of 100 videos the sets of cues of which one is enough."""
  cues = [[{cue}] for cue, share in shares.items() for _ in range(share)]
  cues += [[]] * (100 - len(cues))
  return [cues[index] for index in rng.permutation(100)]


def _paper(folder, cues_of_video, rows=tuple(_SEEN)):
  """A folder of results: 10 classes, 10 groups a class, 10 clips a group.

  A video that no cue tells is guessed: right in one of ten, exactly.
  """
  conditions = [
    {
      'name': name,
      'title': name,
      'table': None,
      'streams': ['rgb'],
      'trained_on': 'none',
      'tested_on': 'none',
      'published': None,
      'records': '/nowhere',
    }
    for name in _SEEN
  ]
  (folder / 'conditions.json').write_text(
    json.dumps({'label_names': _NAMES, 'conditions': conditions})
  )
  for name in rows:
    rng, guesses, answers = np.random.default_rng(3), 0, []
    for label, class_name in enumerate(_NAMES):
      for video, cues in enumerate(cues_of_video(rng)):
        known = any(needed <= _SEEN[name] for needed in cues)
        guesses += not known
        answer = label if known or guesses % 10 == 0 else (label + 1) % 10
        path = f'{class_name}/v_{class_name}_g{video // 10:02d}_c{video % 10:02d}.avi'
        logits = np.eye(10, dtype=np.float32)[answer]
        answers.append(results.Row(path, label, class_name, 20, True, 0.5, logits))
    results.write(folder, f'{name}.split1', 'seed0', answers, _NAMES, {})
  return load_results.read(str(folder))


def _parts(paper):
  table = decomposition.table(paper, stats.Statistic(500, 0))
  return {row['part']: row for row in table.rows}, table


def test_the_parts_are_the_shares_that_a_network_knows_and_add_up(tmp_path):
  parts, table = _parts(_paper(tmp_path, lambda rng: _cues(rng, _SHARES)))
  for name, share in _SHARES.items():
    expected = share * (100 - _CHANCE) / 100  # the others are guessed
    assert parts[name]['points'] == pytest.approx(expected, abs=0.3)
    assert parts[name]['points_low'] < expected < parts[name]['points_high']
    assert parts[name]['clear_of_zero'] == 'yes'
  assert parts['joint']['points'] == pytest.approx(0, abs=0.3)
  assert table.note.startswith('That the parts do not add up is not shown')
  # What everything is worth is what the rows say.
  assert sum(row['points'] for row in table.rows) == pytest.approx(75 * 0.9, abs=0.3)


def test_what_person_and_place_both_tell_is_counted_twice_and_the_note_says_so(tmp_path):
  def cues(rng):
    return [[*of, {'place'}] if {'look'} in of else of for of in _cues(rng, _SHARES)]

  parts, table = _parts(_paper(tmp_path, cues))
  assert parts['look']['points'] == pytest.approx(25 * 0.9, abs=0.3)
  assert parts['place']['points'] == pytest.approx(40 * 0.9, abs=0.3)
  assert parts['joint']['points'] == pytest.approx(-25 * 0.9, abs=0.3)
  assert 'do not add up (−22' in table.note and 'count twice' in table.note


def test_what_needs_person_and_place_at_once_is_in_no_part_and_the_note_says_so(tmp_path):
  def cues(rng):
    return [[{'look', 'place'}] if {'look'} in of else of for of in _cues(rng, _SHARES)]

  parts, table = _parts(_paper(tmp_path, cues))
  assert parts['look']['points'] == pytest.approx(0, abs=0.3)
  assert parts['joint']['points'] == pytest.approx(25 * 0.9, abs=0.3)
  assert 'need person and place together' in table.note


def test_a_row_that_was_not_run_is_named(tmp_path):
  _, table = _parts(_paper(tmp_path, lambda rng: _cues(rng, _SHARES), ('3a', '3-box')))
  assert not table.rows
  assert table.note == 'Not run: 3-tube, 3-silhouette, 3b-inpaint, 1b-squash.'


def test_the_figure_goes_from_chance_to_the_whole(tmp_path):
  parts, table = _parts(_paper(tmp_path, lambda rng: _cues(rng, _SHARES)))
  (axis,) = decomposition.draw(table, _CHANCE).axes
  bars = [bar for container in axis.containers for bar in container if hasattr(bar, 'get_y')]
  np.testing.assert_allclose(
    [bar.get_height() for bar in bars], [row['points'] for row in table.rows], atol=1e-9
  )
  ends = np.cumsum([_CHANCE, *(row['points'] for row in table.rows)])
  np.testing.assert_allclose([bar.get_y() for bar in bars], ends[:-1])
  assert ends[-1] == pytest.approx(10 + 75 * 0.9, abs=0.3)
  assert [label.get_text() for label in axis.get_xticklabels()] == list(parts)
