"""The videos of a CSV file as records, made for a test and kept beside its results."""

import dataclasses
import hashlib
import json
import os

from i3d_tf.inference import test_sets
from i3d_tf.ingest import make_records
from i3d_tf.ingest import requests
from i3d_tf.inputs import preprocess

_FEW = 100  # videos that one process stores before several have started
# Up to this many videos get a file each, so that a stop loses one video; of longer lists, about
# a hundredth.
_FEWEST_FILES = 100


def store(
  listed: test_sets.ListedVideos, output: str, stream: str, frame_size: int
) -> tuple[str, int]:
  """Makes the records of videos, or as many of them as are missing or out of date.

  Args:
    listed: the videos.
    output: folder of the results; the records go into a folder in it.
    stream: 'rgb' or 'flow', what the network sees.
    frame_size: height and width of its frames.

  Returns:
    (folder of records, exit status of `make_tfrecords`: 1 if a video could not be used).

  Raises:
    UserError: the CSV file or a folder cannot be used.
  """
  encoding = requests.EncodingSettings(
    short_side=preprocess.resize_side(frame_size), flow='tvl1' if stream == 'flow' else None
  )
  with open(listed.csv, 'rb') as f:
    content = f.read()
  # Records of another list or of other frames are others: they get a folder of their own.
  videos = os.path.dirname(listed.csv) if listed.videos is None else listed.videos
  folders = [None if path is None else os.path.realpath(path) for path in (videos, listed.masks)]
  decides = json.dumps([dataclasses.asdict(encoding), folders]).encode()
  folder = os.path.join(output, f'records-{hashlib.sha256(content + decides).hexdigest()[:8]}')
  options = requests.DataSetOptions(masks=listed.masks, subset='test')
  status = make_records.make_and_print(
    requests.RecordsRequest(
      folder,
      listed.videos,
      None,
      listed.csv,
      options,
      encoding,
      workers=1 if content.count(b'\n') < _FEW else None,
      fewest_files=_FEWEST_FILES,
    )
  )
  return folder, status
