"""What a person decided about the masks of videos, as a CSV file.

    video,verdict
    Archery/v_Archery_g01_c01.avi,fine
    Billiards/v_Billiards_g03_c02.avi,original

`original`: the masks are not to be used; the video keeps its original frames in
every condition, as the paper does where the person was missed. `fine`: they are
good. Videos that do not stand in the file were not looked at. Further columns are
for people.
"""

from collections.abc import Mapping
import csv
import hashlib
import io
import os

from i3d_tf.common import errors
from i3d_tf.common import files

FINE, ORIGINAL = VERDICTS = ('fine', 'original')


class VerdictError(errors.UserError):
  """A file of verdicts that cannot be used; the message names file and line."""


def read(path: str | os.PathLike) -> dict[str, str]:
  """Reads verdicts: a dict from video ('Class/v_Class_g01_c01.avi') to one of `VERDICTS`.

  Raises:
    VerdictError: the file is missing or no such CSV, or a video is in it twice.
  """
  found: dict[str, str] = {}
  try:
    with open(path, newline='', encoding='utf-8-sig') as f:
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
  with files.replacing(path) as temporary, open(temporary, 'wb') as f:
    f.write(_encode(verdicts))


def content_hash(verdicts: Mapping[str, str]) -> str:
  """A short name of what verdicts say, whatever their order: 12 hexadecimal digits."""
  return hashlib.sha256(_encode(verdicts)).hexdigest()[:12]


def _encode(verdicts: Mapping[str, str]) -> bytes:
  text = io.StringIO()
  writer = csv.writer(text, lineterminator='\n')
  writer.writerow(['video', 'verdict'])
  writer.writerows(sorted(verdicts.items()))
  return text.getvalue().encode()


def originals(verdicts: Mapping[str, str]) -> frozenset[str]:
  """The videos that keep their original frames: a frozenset."""
  return frozenset(video for video, verdict in verdicts.items() if verdict == ORIGINAL)
