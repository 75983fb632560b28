"""Files of features: one per video, and all of them in one HDF5 file."""

from collections.abc import Mapping
import io
from typing import Any

import h5py
import numpy as np

from i3d_tf.common import errors
from i3d_tf.common import files
from i3d_tf.inputs import from_videos

ABOUT = ('frame_rate', 'endpoint', 'pool', 'stream')  # of `features.describe`, kept in files


def write(
  path: str,
  features: np.ndarray,
  starts: np.ndarray,
  length: int,
  about: Mapping[str, Any],
  part: from_videos.Part = from_videos.WHOLE,
) -> None:
  """Writes the features of a video, atomically.

  Args:
    path: a .npz file, which also holds `start` (frame index), `frames` (of a window),
      `frame_rate`, `endpoint`, `pool` and `stream`; or a .npy file of the features alone.
    features, starts, length: as `features.of_video` gives them.
    about: as `features.describe` gives it.
    part: of the video; a .npz file of a part has it as `part`, its start and its end in seconds
      (float64 [2], NaN for the beginning and the end of the video). `start` counts from there.
  """
  data = io.BytesIO()
  if path.endswith('.npz'):
    more = {key: about[key] for key in ABOUT}
    if part != from_videos.WHOLE:
      more['part'] = np.array([part.start, part.end], np.float64)  # None becomes NaN
    np.savez(data, features=features, start=starts, frames=length, **more)
  else:
    np.save(data, features)
  with files.replacing(path) as temporary, open(temporary, 'wb') as f:
    f.write(data.getbuffer())


def gather(path: str, parts: Mapping[str, str]) -> None:
  """Writes the features of many videos into one HDF5 file, atomically.

  Args:
    path: the file. A video is a group of its name, 'Archery/v_Archery_g01_c01', with the datasets
      `features` and `start` and the attributes `frames`, `frame_rate`, `endpoint`, `pool` and
      `stream`; of a part also `part`.
    parts: name of a video -> the .npz file that `write` wrote of it. One video at a time is in
      memory.

  Raises:
    UserError: a part cannot be read, or two names cannot both be in one file.
  """
  with files.replacing(path) as temporary, h5py.File(temporary, 'w') as whole:
    for name, part in parts.items():
      try:
        with np.load(part) as read:
          group = whole.require_group(name)
          for key in ('features', 'start'):
            group.create_dataset(key, data=read[key])
          for key in ('frames', *ABOUT):
            group.attrs[key] = read[key].item()
          if 'part' in read:
            group.attrs['part'] = read['part']
      except (ValueError, KeyError, TypeError, OSError) as e:
        if isinstance(e, OSError) and errors.user_message(e) is not None:
          raise
        raise errors.UserError(
          f'{part}: expected features that {path} can hold as {name}; {e}'
        ) from e
