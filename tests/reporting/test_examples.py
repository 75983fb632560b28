"""Figure 3: which videos are chosen, and that its images are what the network saw."""

import os
import shutil

import numpy as np
import pytest

from i3d_tf.common import errors
from i3d_tf.masks import verdicts
from i3d_tf.reporting import examples as examples_lib
from i3d_tf.reporting import load_results
from i3d_tf.reporting import table as table_lib
from i3d_tf.training import runs
from tests import paper_results
from tests import tiny


@pytest.fixture(scope='module', name='folder')
def _folder(tmp_path_factory):
  folder = tmp_path_factory.mktemp('paper')
  paper_results.write(folder, groups=1, clips=1, records=tiny.make_records(folder))
  return folder


@pytest.fixture(scope='module')
def source(folder):
  return folder / 'records'


@pytest.fixture(name='paper')
def _paper(folder):
  return load_results.read(folder)


def answer(paper, name, example):
  result = paper.results[name, example.split, 0]
  return bool(result.correct[result.videos.index(example.video)])


def test_a_video_decided_by_the_person_and_one_decided_by_the_place_are_chosen(paper):
  (person, place), sentences = examples_lib.choose(paper)
  assert not sentences and (person.kind, place.kind) == ('person', 'place')
  assert answer(paper, '2a', person) and not answer(paper, '2b', person)
  assert answer(paper, '2b', place) and not answer(paper, '2a', place)
  # No other video differs more.
  a, b = paper.outcomes('2a'), paper.outcomes('2b')
  gaps = (a.probability - b.probability)[(a.correct == 1) & (b.correct == 0) & a.has_person]
  index = list(a.videos).index(person.video)
  assert a.probability[index] - b.probability[index] == gaps.max()


def test_missing_examples_are_explained(folder, tmp_path):
  copy = tmp_path / 'paper'
  shutil.copytree(folder / 'results', copy / 'results')
  shutil.copy(folder / 'conditions.json', copy)
  for split in (1, 2, 3):  # the same answers in both: nothing decides
    shutil.copy(
      copy / 'results' / f'2a.split{split}.seed0.csv',
      copy / 'results' / f'2b.split{split}.seed0.csv',
    )
  examples, sentences = examples_lib.choose(load_results.read(copy))
  assert (
    examples == []
    and len(sentences) == 2
    and 'The place, with its hole, decides in no' in sentences[1]
  )
  for split in (1, 2, 3):
    os.remove(copy / 'results' / f'2b.split{split}.seed0.csv')
  examples, sentences = examples_lib.choose(load_results.read(copy))
  assert examples == [] and sentences == ['No example video can be chosen: 2b was not run.']


@pytest.mark.parametrize(
  'name', ['Waving/v_Waving_g02_c01.avi', 'v_Waving_g02_c01.avi', 'v_Waving_g02_c01']
)
def test_videos_are_found_by_path_file_name_and_stem(paper, name):
  (example,), _ = examples_lib.choose(paper, [name])
  assert example == examples_lib.Example('Waving/v_Waving_g02_c01.avi', 2)


def test_an_unknown_name_is_an_error(paper):
  with pytest.raises(errors.UserError, match=r'--examples: expected .* received v_X_g01_c01'):
    examples_lib.choose(paper, ['v_X_g01_c01'])


def test_views_are_frame_person_and_place(paper):
  examples, _ = examples_lib.choose(paper)
  for frame, person, place in examples_lib.views(paper, examples):
    assert frame.shape == (224, 224, 3) and frame.dtype == np.uint8
    kept = (person == frame).all(axis=-1) & ~(person == 0).all(axis=-1)
    black = (place == 0).all(axis=-1)
    assert 0.005 < kept.mean() < 0.9
    # Each pixel shows the person or the place: if one is black, the other is the frame.
    np.testing.assert_array_equal(np.where(black[..., np.newaxis], person, place), frame)


def test_a_video_that_keeps_its_original_frames_shows_them_three_times(source, tmp_path):
  records = tmp_path / 'records'
  shutil.copytree(source, records)
  for index in records.glob('videos-*.csv'):
    header, *lines = index.read_text().splitlines()
    if header.endswith(',keep_original'):
      index.write_text('\n'.join([header, *(f'{line[:-1]}1' for line in lines)]) + '\n')
  paper_results.write(tmp_path, groups=1, clips=1, records=records)
  moved = load_results.read(tmp_path)
  examples, _ = examples_lib.choose(moved)
  (frame, person, place), _ = examples_lib.views(moved, examples)
  np.testing.assert_array_equal(person, frame)
  np.testing.assert_array_equal(place, frame)


def test_verdicts_of_the_run_are_applied(source, tmp_path):
  paper_results.write(tmp_path, groups=1, clips=1, records=source)
  examples, _ = examples_lib.choose(load_results.read(tmp_path))
  judged = {examples[0].video: verdicts.ORIGINAL}
  run = tiny.run(source, verdicts=verdicts.content_hash(judged))
  runs.start(str(tmp_path / 'runs' / 'rgb_none_split1_seed0'), run, verdicts=judged)
  (first, *others), second = examples_lib.views(load_results.read(tmp_path), examples)
  for picture in others:
    np.testing.assert_array_equal(picture, first)
  assert (second[1] != second[0]).any()


def test_a_condition_with_its_own_data_set_gives_no_example(tmp_path):
  paper_results.write(tmp_path, groups=1, clips=1, names=['1b-diversity3'])
  paper = load_results.read(tmp_path)
  video = paper.results['1b-diversity3', 1, 0].videos[0]
  with pytest.raises(errors.UserError, match='expected videos that were tested in 1b-rgb, 2a, 2b'):
    examples_lib.choose(paper, [video])


def test_missing_records_are_one_line(tmp_path):
  paper_results.write(tmp_path, groups=1, clips=1, records=tmp_path / 'nowhere')
  paper = load_results.read(tmp_path)
  examples, _ = examples_lib.choose(paper)
  with pytest.raises(errors.UserError, match='nowhere: expected a folder made by make_tfrecords'):
    examples_lib.views(paper, examples)


def test_records_without_the_video_are_one_line(source, tmp_path):
  paper_results.write(tmp_path, groups=2, clips=2, records=source)
  other = load_results.read(tmp_path)
  examples, _ = examples_lib.choose(other, ['v_Waving_g06_c02'])
  with pytest.raises(errors.UserError, match=r'expected records of Waving/v_Waving_g06_c02.avi'):
    examples_lib.views(other, examples)


def test_a_damaged_record_is_one_line(source, tmp_path):
  records = tmp_path / 'records'
  shutil.copytree(source, records)
  for shard in records.glob('*.tfrecord'):
    data = bytearray(shard.read_bytes())
    data[20:] = bytes(len(data) - 20)
    shard.write_bytes(data)
  paper_results.write(tmp_path, groups=1, clips=1, records=records)
  broken = load_results.read(tmp_path)
  examples, _ = examples_lib.choose(broken)
  with pytest.raises(errors.UserError, match=r'tfrecord: .* cannot be read; DataLossError'):
    examples_lib.views(broken, examples)


def test_the_figure_has_a_row_per_video_with_the_predictions(paper):
  examples, _ = examples_lib.choose(paper)
  pictures = [np.full((3, 8, 8, 3), 90, np.uint8)] * 2
  axes = examples_lib.draw(paper, examples, pictures).axes
  assert [axis.get_title('left')[:2] for axis in axes] == ['a)', 'b)', 'c)', 'd)', 'e)', 'f)']
  class_name = os.path.dirname(examples[0].video)
  assert axes[1].get_xlabel() == f'correct: {class_name}'
  assert axes[2].get_xlabel().startswith('wrong: ')
  assert axes[0].get_ylabel().startswith(f'{class_name} ')
  table = table_lib.to_csv(examples_lib.table(paper, examples)).splitlines()
  assert table[0] == 'decides,video,split,1b-rgb,2a,2b'
  assert table[1].startswith(f'person,{examples[0].video},{examples[0].split},')
  assert table[1].split(',')[4] == class_name != table[1].split(',')[5]
