"""UCF101's lists of classes, training and test videos.

Soomro, Zamir and Shah, "UCF101", 2012; the lists are its "ucfTrainTestlist".
Their traps: CRLF line ends; labels start at 1, and only training lines have
one; the folder HandstandPushups holds videos called v_HandStandPushups_*, so
that a video's class is its folder.

Other data sets' lists take the same form. Names with spaces (Kinetics' "air
drumming") ask for a tab between the words of a line.
"""

import os
import re

from i3d_tf.common import errors

_GROUP = re.compile(r'_(g\d+)_c\d+(\.\w+)?$')
SPLITS = (1, 2, 3)
SUBSETS = ('train', 'validation', 'test')


class ListError(errors.UserError):
  """A list file that cannot be used; the message names file and line."""


def _lines(path):
  try:
    with open(path, encoding='utf-8-sig') as f:
      for number, line in enumerate(f, 1):
        if line.strip():
          yield number, line.strip().split('\t') if '\t' in line else line.split()
  except (OSError, UnicodeDecodeError) as e:
    raise ListError(f'{path}: expected a text file; {e}') from e


def read_classes(path):
  """Reads classInd.txt.

  Args:
    path: a file of lines '1 ApplyEyeMakeup', numbered from 1 without gaps.

  Returns:
    The class names; a name's index is its 0-based label.

  Raises:
    ListError: a line is not of that form, or a name stands there twice.
  """
  names = []
  for number, words in _lines(path):
    if len(words) != 2 or words[0] != str(len(names) + 1):
      raise ListError(
        f'{path}:{number}: expected "{len(names) + 1} ClassName"; found "{" ".join(words)}"'
      )
    if words[1] in names:
      raise ListError(f'{path}:{number}: {words[1]} stands in the list twice')
    names.append(words[1])
  if not names:
    raise ListError(f'{path}: expected lines such as "1 ApplyEyeMakeup"; found none')
  return names


def read_list(path, class_names):
  """Reads trainlistNN.txt, testlistNN.txt or validationlistNN.txt.

  Args:
    path: a file of lines 'Class/v_Class_g01_c01.avi' with or without a label.
    class_names: the list that `read_classes` gives.

  Returns:
    A dict from video path ('Class/v_Class_g01_c01.avi') to its 0-based label.

  Raises:
    ListError: a line is not of that form, contradicts the class names or
      stands there twice.
  """
  labels = {name: label for label, name in enumerate(class_names)}
  videos = {}
  for number, words in _lines(path):
    video, where = words[0], f'{path}:{number}'
    folder, name = os.path.split(video)
    if len(words) > 2 or folder not in labels or not name:
      raise ListError(
        f'{where}: expected "Class/video.avi" of a known class, perhaps with a '
        f'label; found "{" ".join(words)}"'
      )
    if len(words) == 2 and words[1] != str(labels[folder] + 1):
      raise ListError(
        f'{where}: expected label {labels[folder] + 1} for {folder}; found {words[1]}'
      )
    if video in videos:
      raise ListError(f'{where}: {video} stands in the list twice')
    videos[video] = labels[folder]
  if not videos:
    raise ListError(f'{path}: expected lines such as "Archery/v_Archery_g01_c01.avi"; found none')
  return videos


def check_apart(folder, split, class_names):
  """Makes sure that the lists of a split, those that there are, share no video.

  A network that is tested on what it was trained on passes for better than it is.

  Raises:
    ListError: two lists share a video, or one is damaged.
  """
  first = {}  # video -> the list that names it
  for subset in SUBSETS:
    path = os.path.join(folder, list_name(subset, split))
    if not os.path.exists(path):
      continue
    videos = read_list(path, class_names)
    shared = [video for video in videos if video in first]
    if shared:
      raise ListError(
        f'{path}: expected no video of {first[shared[0]]}; {len(shared)} of its '
        f'{len(videos)} stand there, too, such as {shared[0]}'
      )
    first.update(dict.fromkeys(videos, path))


def format_list(videos):
  """The content, bytes, of the list file of a dict from video path to 0-based label."""
  return _format([(video, str(label + 1)) for video, label in videos.items()])


def format_classes(names):
  """The content, bytes, of the classInd.txt of class names in order."""
  return _format([(str(number), name) for number, name in enumerate(names, 1)])


def _format(lines):
  between = '\t' if any(' ' in word for line in lines for word in line) else ' '
  return ''.join(f'{between.join(line)}\n' for line in lines).encode()


def list_name(subset, split):
  """File name of a list: subset is one of `SUBSETS`, split 1, 2 or 3."""
  return f'{subset}list{split:02d}.txt'


def group(video):
  """The group ('g01') of a video, whose clips share performer and place; '' if it names none."""
  match = _GROUP.search(video)
  return match.group(1) if match else ''


def read_all_lists(folder):
  """Reads classInd.txt and whatever lists a folder holds.

  Returns:
    (class names, a dict from video path to 0-based label).

  Raises:
    ListError: the folder holds no list, or one is damaged.
  """
  class_names = read_classes(os.path.join(folder, 'classInd.txt'))
  videos = {}
  for split in SPLITS:
    for subset in SUBSETS:
      path = os.path.join(folder, list_name(subset, split))
      if os.path.exists(path):
        videos.update(read_list(path, class_names))
    check_apart(folder, split, class_names)
  if not videos:
    raise ListError(f'{folder}: expected lists such as {list_name("train", 1)}; found none')
  return class_names, videos
