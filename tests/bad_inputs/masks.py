"""Files of masks and of verdicts on them."""

import json

from tests import networks
from tests.bad_inputs import Row
from tests.bad_inputs import stage

_FOLDER = 'masks/v_Waving_g01_c01.json'
_SMALL = 'small/v_Waving_g01_c01.json'
# Reads a file of masks without importing TensorFlow; the other video's are compared.
_COMPARE = 'segmentation.compare --masks=small,masks'
_MAKE = 'tools.make_tfrecords --videos=small --masks=masks --output=new --short_side=37 --workers=1'
_REVIEW = 'segmentation.review --videos=small --masks=masks --output=new --processes=1'
_EVALUATE = 'i3d_tf.evaluate --run_dir=run --verdicts=verdicts.csv'


def _small(spoil):
  """Leaves three videos in small/Waving, and copies of the masks of two of them in small."""

  def do(folder):
    (folder / 'small').mkdir()
    (folder / 'videos/Waving').rename(folder / 'small/Waving')
    for number in (1, 2):
      name = f'v_Waving_g0{number}_c01.json'
      (folder / 'small' / name).write_bytes((folder / 'masks' / name).read_bytes())
    spoil(folder)

  return do


def edit(path, change):
  """Changes what a JSON file holds; `change` returns something new or changes it in place."""

  def do(folder):
    content = json.loads((folder / path).read_text())
    changed = change(content)
    (folder / path).write_text(json.dumps(content if changed is None else changed))

  return do


def _bad(name, message, spoil):
  """A bad file of masks: of two videos one is compared."""
  return Row(name, _COMPARE, (f'{_SMALL}: {message}', 'mean of 1 videos'), _small(spoil), status=1)


def _sizes(height, width):
  def change(dataset):
    dataset['annotations'] = []
    for image in dataset['images']:
      image.update(height=height, width=width)

  return edit(_SMALL, change)


def _segmentation(**values):
  return edit(_SMALL, lambda dataset: dataset['annotations'][0]['segmentation'].update(values))


_NO_COCO = 'expected a COCO dataset of person masks with compressed RLE; '

ROWS = (
  _bad('masks of no bytes', f'{_NO_COCO}JSONDecodeError', stage.write(_SMALL, '')),
  _bad('masks cut off', f'{_NO_COCO}JSONDecodeError', stage.cut(_SMALL)),
  _bad('masks that are no text', f'{_NO_COCO}UnicodeDecodeError', stage.write(_SMALL, b'\xff\xfe')),
  _bad('masks that are a folder', f'{_NO_COCO}IsADirectoryError', stage.make_folder(_SMALL)),
  _bad('masks that are a list', f'{_NO_COCO}AttributeError', stage.write(_SMALL, '[]')),
  _bad(
    'masks in 100,000 brackets', f'{_NO_COCO}RecursionError', stage.write(_SMALL, '[' * 100_000)
  ),
  _bad(
    'masks without images',
    'expected images of one size; found []',
    edit(_SMALL, lambda dataset: dataset.update(images=[])),
  ),
  _bad(
    'masks of two sizes',
    'expected images of one size; found [(48, 64), (49, 64)]',
    edit(_SMALL, lambda dataset: dataset['images'][3].update(height=49)),
  ),
  _bad(
    'masks of a size in words',
    "expected a height and a width in pixels; found '48' and '64'",
    _sizes('48', '64'),
  ),
  _bad(
    'masks of a negative size',
    'expected a height and a width in pixels; found -48 and -64',
    _sizes(-48, -64),
  ),
  _bad(
    'two images of one id',
    'expected a unique id for every image; found 9 ids of 10',
    edit(_SMALL, lambda dataset: dataset['images'][3].update(id=2)),
  ),
  _bad(
    'a person in no image',
    f'{_NO_COCO}KeyError: 99',
    edit(_SMALL, lambda dataset: dataset['annotations'][0].update(image_id=99)),
  ),
  _bad(
    'run lengths that end too early',
    'expected masks of 3072 pixels; annotation 1 has 1',
    _segmentation(counts='1'),
  ),
  _bad(
    'run lengths of strange characters',
    f'{_NO_COCO}ValueError: no character of RLE counts',
    _segmentation(counts='\x01\x02'),
  ),
  _bad(
    'run lengths of another size',
    'expected masks of 48x64; found [64, 48]',
    _segmentation(size=[64, 48]),
  ),
  _bad(
    'polygons',
    f'{_NO_COCO}TypeError',
    edit(_SMALL, lambda dataset: dataset['annotations'][0].update(segmentation=[[1, 2, 3, 4]])),
  ),
  Row(
    'masks of fewer frames',
    _COMPARE,
    (
      'v_Waving_g01_c01: expected masks of the same frames; found 9 frames of 48x64 and 10',
      'mean of 1 videos',
    ),
    _small(lambda folder: networks.masks_file(folder / _SMALL, 9, 48, 64)),
    status=1,
  ),
  Row(
    'masks of fewer frames than the video has',
    _MAKE,
    (
      f'{_FOLDER}: expected 10 masks, as many as small/Waving/v_Waving_g01_c01.avi has frames;',
      '1 video could not be used (new/failures.csv lists them); the others are in new',
    ),
    _small(lambda folder: networks.masks_file(folder / _FOLDER, 9, 48, 64)),
    status=1,
  ),
  Row(
    'masks of other frames than the video has',
    _MAKE,
    (
      f'{_FOLDER}: expected masks of 48x64, the size of small/Waving/v_Waving_g01_c01.avi; foun',
      '1 video could not be used (new/failures.csv lists them); the others are in new',
    ),
    _small(lambda folder: networks.masks_file(folder / _FOLDER, 10, 64, 48)),
    status=1,
  ),
  Row(
    'masks of another video of the same size',
    _MAKE,
    (
      f'{_FOLDER}: expected masks of v_Waving_g01_c01; they are of Waving/v_Waving_g02_c01.avi',
      '1 video could not be used (new/failures.csv lists them); the others are in new',
    ),
    _small(
      edit(_FOLDER, lambda dataset: dataset['info'].update(video='Waving/v_Waving_g02_c01.avi'))
    ),
    status=1,
  ),
  Row(
    'masks of another video under review',
    _REVIEW,
    (
      'cannot be used: Waving/v_Waving_g01_c01.avi: masks/v_Waving_g01_c01.json: expected masks',
      '1 videos or their masks cannot be used; the page shows the others',
    ),
    _small(edit(_FOLDER, lambda dataset: dataset['info'].update(video='B/b.avi'))),
    status=1,
  ),
  Row(
    'a person to be replaced and no masks',
    'i3d_tf.predict --run_dir=run --video=a.avi --mask=background --masks=videos',
    'videos/a.json: no such mask file',
    status=1,
  ),
  Row(
    'one file of masks for two videos',
    'i3d_tf.predict --run_dir=run --video=a.avi,b.avi --mask=background --masks=a.json',
    'expected --masks to be a folder, with several videos; received a.json',
  ),
  Row(
    'verdicts of no bytes',
    _EVALUATE,
    'verdicts.csv: expected a CSV file with the columns video and verdict; found an empty file',
    stage.write('verdicts.csv', ''),
  ),
  Row(
    'verdicts that are no text',
    _EVALUATE,
    'verdicts.csv: expected a CSV file of verdicts; ',
    stage.write('verdicts.csv', b'video,verdict\n\xff\xfe,fine\n'),
  ),
  Row(
    'an unknown verdict',
    _EVALUATE,
    'verdicts.csv:2: expected a video and one of fine, origin',
    stage.replace('verdicts.csv', 'original', 'maybe'),
  ),
  Row(
    'two verdicts on a video',
    _EVALUATE,
    'verdicts.csv:4: Waving/v_Waving_g01_c01.avi is in the file twice, with two verdicts',
    lambda folder: stage.write(
      'verdicts.csv', (folder / 'verdicts.csv').read_text() + 'Waving/v_Waving_g01_c01.avi,fine\n'
    )(folder),
  ),
)
