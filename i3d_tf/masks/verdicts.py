"""What a reviewer decided about the masks of videos, as a CSV file.

    video,verdict
    Archery/v_Archery_g01_c01.avi,fine
    Billiards/v_Billiards_g03_c02.avi,original

`original`: the masks are not used, and the video keeps its original frames in every
condition, as in the paper when the person was missed. `fine`: the masks are good. Videos
that are not in the file were not reviewed. Other columns are ignored.
"""

from collections.abc import Mapping
import csv
import hashlib
import os

from i3d_tf.common import errors
from i3d_tf.common import files
from i3d_tf.common import text_files

FINE, ORIGINAL = VERDICTS = ('fine', 'original')


class VerdictError(errors.UserError):
  """A file of verdicts that cannot be used; the message names the file and the line."""


def read(path: str | os.PathLike) -> dict[str, str]:
  """Reads verdicts: a dict from video ('Class/v_Class_g01_c01.avi') to one of `VERDICTS`.

  Raises:
    VerdictError: the file is missing, is not such a CSV file, or has two verdicts on a video.
  """
  found: dict[str, str] = {}
  try:
    with open(path, newline='', encoding=text_files.ENCODING) as f:
      rows = csv.DictReader(f)
      if not {'video', 'verdict'} <= set(rows.fieldnames or ()):
        raise VerdictError(
          f'{path}: expected a CSV file with the columns video and verdict; '
          f'found {", ".join(rows.fieldnames or ["an empty file"])}'
        )
      for row in rows:
        video, verdict = row['video'], (row['verdict'] or '').strip().lower()
        if not video or verdict not in VERDICTS:
          raise VerdictError(
            f'{path}:{rows.line_num}: expected a video and one of '
            f'{", ".join(VERDICTS)}; found {video!r}, {row["verdict"]!r}'
          )
        if found.get(video, verdict) != verdict:
          raise VerdictError(
            f'{path}:{rows.line_num}: {video} is in the file twice, with two verdicts'
          )
        found[video] = verdict
  except (OSError, UnicodeDecodeError, csv.Error) as e:
    raise VerdictError(f'{path}: expected a CSV file of verdicts; {e}') from e
  return found


def write(path: str | os.PathLike, verdicts: Mapping[str, str]) -> None:
  """Writes a dict from video to verdict, atomically."""
  files.write_csv(path, ('video', 'verdict'), sorted(verdicts.items()))


def content_hash(verdicts: Mapping[str, str]) -> str:
  """Identifies verdicts, independently of their order: 12 hexadecimal digits."""
  content = files.csv_text(('video', 'verdict'), sorted(verdicts.items()))
  return hashlib.sha256(content.encode()).hexdigest()[:12]


def originals(verdicts: Mapping[str, str]) -> frozenset[str]:
  """The videos that keep their original frames."""
  return frozenset(video for video, verdict in verdicts.items() if verdict == ORIGINAL)
