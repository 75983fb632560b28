"""Lists of classes, of training and test videos, and the CSV files that take their place."""

from tests.bad_inputs import Row
from tests.bad_inputs import stage

_UCF101 = (
  'tools.make_tfrecords --videos=videos --lists=lists --output=new --short_side=37 --workers=1'
)
_CSV = 'tools.make_tfrecords --csv=a.csv --output=new --short_side=37 --workers=1'
_FEATURES = 'i3d_tf.extract_features --run_dir=run --csv=a.csv --output=new --endpoint=Mixed_3b'
_TRAIN, _TEST, _CLASSES = (
  f'lists/{name}.txt' for name in ('trainlist01', 'testlist01', 'classInd')
)


def _add(path, *lines, of=None):
  """Adds lines, or those of another file, to a list."""

  def do(folder):
    more = (folder / of).read_text() if of else ''.join(f'{line}\n' for line in lines)
    with open(folder / path, 'a') as f:
      f.write(more)

  return do


def _windows(folder):
  """Lists as an editor of Windows leaves them: with a byte-order mark, and CRLF."""
  for path in (folder / 'lists').iterdir():
    path.write_bytes(b'\xef\xbb\xbf' + path.read_bytes().replace(b'\n', b'\r\n'))


def _csv(*rows, columns='path,label'):
  return stage.write('a.csv', '\n'.join([columns, *rows]) + '\n')


ROWS = (
  Row(
    'a list of no bytes',
    _UCF101,
    f'{_TRAIN}: expected lines such as "Archery/v_Archery_g01',
    stage.write(_TRAIN, ''),
  ),
  Row(
    'a list that is no text',
    _UCF101,
    f"{_TRAIN}: expected a text file; 'utf-8' codec can't",
    stage.write(_TRAIN, b'\xff\xfe\x00\x80'),
  ),
  Row(
    'a list that is a folder',
    _UCF101,
    f'{_TRAIN}: expected a text file; [Errno 21]',
    stage.make_folder(_TRAIN),
  ),
  Row(
    'a line with the label of another class',
    _UCF101,
    f'{_TRAIN}:1: expected label 1 for Bowing; found 2',
    stage.replace(_TRAIN, '.avi 1\n', '.avi 2\n'),
  ),
  Row(
    'a line of an unknown class',
    _UCF101,
    f'{_TRAIN}:21: expected "Class/video.avi" of a known class, perhaps with a label; found "Z',
    _add(_TRAIN, 'Zorbing/v_Zorbing_g01_c01.avi 11'),
  ),
  Row(
    'a line twice',
    _UCF101,
    f'{_TRAIN}:40: Waving/v_Waving_g03_c01.avi is listed twice',
    stage.all_of(_add(_TRAIN, *[''] * 19), _add(_TRAIN, 'Waving/v_Waving_g03_c01.avi 10')),
  ),
  Row(
    'lists of training and test that overlap',
    _UCF101,
    f'{_TEST}: expected no video of {_TRAIN}; 10 of its 10 are listed there too, such as Bowing/',
    _add(_TRAIN, of=_TEST),
  ),
  Row(
    'a video in a list that is in no folder',
    _UCF101,
    (
      'left out: Waving/v_Waving_g99_c01.avi: videos/Waving/v_Waving_g99_c01.avi: no such video',
      '1 video could not be used (new/failures.csv lists them); the others are in new',
    ),
    _add(_TRAIN, 'Waving/v_Waving_g99_c01.avi 10'),
    status=1,
  ),
  Row(
    'no list of classes',
    _UCF101,
    f'{_CLASSES}: expected a text file; [Errno 2]',
    stage.remove(_CLASSES),
  ),
  Row(
    'a gap in the numbers of classes',
    _UCF101,
    f'{_CLASSES}:2: expected "2 ClassName"; found "7 ',
    stage.replace(_CLASSES, '2 ', '7 '),
  ),
  Row(
    'a class twice',
    _UCF101,
    f'{_CLASSES}:2: A is listed twice',
    stage.write(_CLASSES, '1 A\n2 A\n'),
  ),
  Row(
    'no list at all',
    _UCF101.replace('--lists=lists', '--lists=masks'),
    'masks/classInd.txt: expected a text file; [Errno 2]',
  ),
  Row('lists from Windows, which are fine', _UCF101, 'new: complete', _windows, status=0),
  Row(
    'a CSV file without a column',
    _CSV,
    'a.csv: expected a CSV file with the columns path, la',
    _csv('a.avi,x', columns='file,label'),
  ),
  Row('a CSV file without rows', _CSV, 'a.csv: expected one row per video; found none', _csv()),
  Row(
    'a CSV file that is a video',
    _CSV.replace('a.csv', 'a.avi'),
    'a.avi: expected a CSV file of videos;',
  ),
  Row(
    'a CSV row of too many fields',
    _CSV,
    "a.csv:2: expected a path and a label; found 'a.avi'",
    _csv('a.avi,x,y'),
  ),
  Row(
    'a CSV field of 200,000 characters',
    _CSV,
    'a.csv: expected a CSV file of videos; field la',
    _csv(f'a.avi,{"x" * 200000}'),
  ),
  Row(
    'a clip in a CSV twice',
    _CSV,
    'a.csv:3: a.avi is listed twice, as x/a.avi; the o',
    _csv('a.avi,x', 'a.avi,x'),
  ),
  Row(
    'a start that is no number',
    _CSV,
    "a.csv:2: expected 0 <= start < end; found 'nan' and ''",
    _csv('a.avi,x,nan', columns='path,label,start'),
  ),
  Row(
    'an end before the start',
    _CSV,
    "a.csv:2: expected 0 <= start < end; found '3' and '2'",
    _csv('a.avi,x,3,2', columns='path,label,start,end'),
  ),
  Row(
    'an end at infinity',
    _CSV,
    "a.csv:2: expected 0 <= start < end; found '0' and 'inf'",
    _csv('a.avi,x,0,inf', columns='path,label,start,end'),
  ),
  Row(
    'a start behind the end of the video',
    f'{_CSV} --test=0',
    (
      'a.avi: expected frames from 100 s to 200 s; the video has none there',
      '1 video could not be used',
    ),
    _csv('a.avi,x,100,200', 'b.avi,x,,', columns='path,label,start,end'),
    status=1,
  ),
  Row(
    'an unknown split',
    _CSV,
    "a.csv:2: expected train, validation or test as split; found 'dev'",
    _csv('a.avi,x,dev', columns='path,label,split'),
  ),
  Row(
    'a class that cannot name a folder',
    _CSV,
    'a.csv: expected class names that can name a fo',
    _csv('a.avi,x/y'),
  ),
  Row(
    'a class with a null in it',
    _CSV,
    'a.csv: expected class names that can name a folder; fo',
    _csv('a.avi,x\0'),
  ),
  Row(
    'too few videos for a test list',
    _CSV,
    'expected fewer groups to hold out than there are',
    _csv('a.avi,x', 'b.avi,y'),
  ),
  Row(
    'features of rows of which some cannot be used',
    _FEATURES,
    (
      'a.avi: expected frames from 100 s to 200 s; the video has none there',
      'b.avi from 0 s to 0.1 s: expected at least 9 frames at 25 a second; found 3',
      'nowhere.avi: no such video file',
      'new: features of 1 videos',
      '3 of 4 videos could not be used',
    ),
    _csv(
      'a.avi,x,100,200',
      'b.avi,x,0,0.1',
      'nowhere.avi,x,,',
      'b.avi,x,,',
      columns='path,label,start,end',
    ),
    status=1,
  ),
  Row(
    'features of a row that is listed twice',
    _FEATURES,
    'a.csv:3: a.avi is listed twice, as x/a_0-1.avi; the other is line 2',
    _csv('a.avi,x,0,1', 'a.avi,x,0.0,1', columns='path,label,start,end'),
  ),
  Row(
    'features of a class that would leave the folder',
    _FEATURES,
    "a.csv: expected class names that can name a folder; found '..'",
    _csv('a.avi,..'),
  ),
)
