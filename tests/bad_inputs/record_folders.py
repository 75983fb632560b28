"""Folders of records: shards, indexes, manifests and lists."""

from tests import tiny
from tests.bad_inputs import Row
from tests.bad_inputs import masks
from tests.bad_inputs import stage

_EVALUATE = 'i3d_tf.evaluate --run_dir=run --eval_masks=none'
_INSPECT = 'tools.inspect_tfrecords --records=records'
_TRAIN = f'i3d_tf.train --records=records --run_dir=new {" ".join(tiny.FLAGS)}'
_SHARD, _INDEX = (f'records/videos-00000-of-00002.{suffix}' for suffix in ('tfrecord', 'csv'))
_MANIFEST, _TRAINED, _TESTED = (
  'records/manifest.json',
  *(f'records/lists/{subset}list01.txt' for subset in ('train', 'test')),
)


def _rows(name, message, spoil, inspected=None):
  """What evaluate says, and train with it; and what inspect_tfrecords lists, if anything."""
  rows = [
    Row(f'{name}, evaluated', _EVALUATE, message, spoil),
    Row(f'{name}, trained on', _TRAIN, message, spoil),
  ]
  if inspected is not None:
    rows.append(Row(f'{name}, inspected', _INSPECT, inspected, spoil, status=1))
  return rows


def _manifest(**values):
  return masks.edit(_MANIFEST, lambda manifest: manifest.update(values))


def _without_masks(folder):
  for number in range(2):
    shard = folder / f'records/videos-0000{number}-of-00002.csv'
    lines = [line.split(',') for line in shard.read_text().splitlines()]
    place = lines[0].index('coverage')
    for line in lines[1:]:
      line[place] = ''
    shard.write_text('\n'.join(map(','.join, lines)) + '\n')


def _nan(folder):
  path = folder / _INDEX
  header, first, *rest = path.read_text().splitlines()
  cells = first.split(',')
  cells[header.split(',').index('coverage')] = 'nan'
  path.write_text('\n'.join([header, ','.join(cells), *rest]) + '\n')


def _tested_is_trained(folder):
  lines = (folder / _TRAINED).read_text().splitlines()
  (folder / _TESTED).write_text(''.join(f'{line.split()[0]}\n' for line in lines))


ROWS = (
  *_rows('a shard cut off', f'{_SHARD}: expected a file of ', stage.cut(_SHARD), 'it has'),
  *_rows(
    'a shard that is gone', f'{_SHARD}: expected a file of ', stage.remove(_SHARD), 'no such file'
  ),
  *_rows(
    'an index that is gone',
    f'{_INDEX}: expected the index of a shard; FileNotFoundError',
    stage.remove(_INDEX),
    'expected the index of a shard; FileNotFoundError',
  ),
  *_rows('an index cut off', f'{_INDEX}: expected the index of a shard; ', stage.cut(_INDEX)),
  *_rows(
    'an index of text',
    f'{_INDEX}: expected the index of a shard; ValueError: no column',
    stage.write(_INDEX, 'hello'),
  ),
  *_rows(
    'an index in which coverage is no number',
    f'{_INDEX}: expected the index of a shard; ValueError: coverage of',
    _nan,
  ),
  *_rows(
    'no manifest',
    'records: expected a folder made by make_tfrecords; it has no manifest.j',
    stage.remove(_MANIFEST),
  ),
  *_rows(
    'a manifest cut off',
    f'{_MANIFEST}: expected the manifest of records; JSONDecodeError',
    stage.cut(_MANIFEST),
  ),
  *_rows(
    'a manifest that is a list',
    f'{_MANIFEST}: expected the manifest of records; TypeError',
    stage.write(_MANIFEST, '[]'),
  ),
  *_rows(
    'a manifest of a number of shards',
    'expected the manifest of records; ValueError: shar',
    _manifest(shards=3),
  ),
  *_rows(
    'a shard that the manifest names twice',
    'records: expected every video once; ',
    masks.edit(_MANIFEST, lambda m: m.update(shards=m['shards'][:1] * 2)),
    'the same video',
  ),
  *_rows(
    'records that are not finished',
    'records: these records are not finished; rerun make_tf',
    _manifest(complete=False),
    'these records are not finished',
  ),
  *_rows(
    'fewer classes than labels',
    '; expected 0 to 4',
    masks.edit(_MANIFEST, lambda m: m.update(label_names=m['label_names'][:5])),
  ),
  *_rows('no lists', '/lists/', stage.remove('records/lists')),
  *_rows(
    'a test list that is the training list',
    f'{_TESTED}: expected no video of ',
    _tested_is_trained,
    f'{_TESTED}: expected no video of records/lists/trainlist01.txt; 20 of its 20 are list',
  ),
  Row(
    "classes in another order than the run's",
    _EVALUATE,
    'expected the classes that run was trained on; found 10 others, or in another order',
    masks.edit(_MANIFEST, lambda m: m.update(label_names=m['label_names'][::-1])),
  ),
  Row(
    'a test list of no bytes',
    _EVALUATE,
    f'{_TESTED}: expected lines such as "Archery/v_Arche',
    stage.write(_TESTED, ''),
  ),
  Row(
    'a test list of other videos',
    _EVALUATE,
    f'{_TESTED}: none of its 1 videos is in ',
    stage.write(_TESTED, 'Waving/v_Waving_g99_c01.avi\n'),
  ),
  Row(
    'a flipped bit in a record',
    _EVALUATE,
    f'{_SHARD}: expected an intact record of ',
    stage.flip(_SHARD, 0.37),
  ),
  Row(
    'a flipped bit in a record, inspected',
    _INSPECT,
    f'{_SHARD.split("/")[1]} at byte ',
    stage.flip(_SHARD, 0.37),
    status=1,
  ),
  Row(
    'a video of the test list that is not in the records',
    _EVALUATE,
    'not in the records, so not tested: 1 videos of the list, Waving/v_Waving_g99_c01.avi',
    lambda folder: stage.write(
      _TESTED, (folder / _TESTED).read_text() + 'Waving/v_Waving_g99_c01.avi\n'
    )(folder),
    status=1,
  ),
  Row(
    'no masks and a background to be replaced',
    f'{_TRAIN} --mask=background',
    'records: expected person masks for masks other than none; none of the 20 videos has any',
    _without_masks,
  ),
  Row(
    'no masks and a background to be replaced in the test',
    f'{_EVALUATE},background',
    'records: expected person masks for masks other than none; none of the 10 videos has any',
    _without_masks,
  ),
  Row(
    'records to resume that have other settings',
    'tools.make_tfrecords --videos=videos '
    '--lists=lists --output=records --short_side=40 --workers=1',
    'records: these records were made with other settings (short_side); choose another folder',
  ),
  Row(
    'records to resume whose manifest is cut off',
    'tools.make_tfrecords --videos=videos '
    '--lists=lists --output=records --short_side=37 --workers=1',
    f'{_MANIFEST}: expected the manifest of records; JSONDecodeError',
    stage.cut(_MANIFEST),
  ),
  Row('a demo set where a file is', 'i3d_tf.train --demo_dir=a.avi', 'a.avi: File exists'),
  Row(
    'a demo set of other settings',
    'i3d_tf.train --demo_dir=new',
    'new holds a demo set of other settings: ',
    stage.write('new/demo_set.json', '{"seed": 7}'),
  ),
  Row(
    'a demo set that does not say what it is',
    'i3d_tf.train --demo_dir=new',
    'new/demo_set.json: expected JSON that describes a demo set',
    stage.write('new/demo_set.json', '[1]'),
  ),
)
