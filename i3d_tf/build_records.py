"""Video files to records: one video, and a whole data set."""

import csv
import dataclasses
import os
import shutil

import cv2
import numpy as np

from i3d_tf import errors
from i3d_tf import files
from i3d_tf import mask_images
from i3d_tf import optical_flow
from i3d_tf import records
from i3d_tf import splits
from i3d_tf import ucf101
from i3d_tf import video as video_lib
from segmentation import masks as masks_lib


@dataclasses.dataclass(frozen=True)
class Settings:
  """How videos are stored.

  Attributes:
    short_side: pixels of the frames' shorter side.
    frame_rate: frames a second.
    jpeg_quality: 1 to 100.
    flow: 'tvl1', or None to store no flow.
    num_shards: number of files.
    seed: seed of the order of the videos.
  """

  short_side: int = video_lib.SHORT_SIDE
  frame_rate: float = video_lib.FRAME_RATE
  jpeg_quality: int = 95
  flow: str | None = None
  num_shards: int = 8
  seed: int = 0


@dataclasses.dataclass(frozen=True)
class Source:
  """A video to store.

  Attributes:
    path: its name in the data set.
    file: the video file.
    label: 0-based class index.
    masks: its file of masks, or None.
    keep_original: as in `records.Video`.
  """

  path: str
  file: str
  label: int
  masks: str | None = None
  keep_original: bool = False


@dataclasses.dataclass(frozen=True)
class Failure:
  """A video that was left out: its `path` in the data set and the `reason`."""

  path: str
  reason: str


def _encode_image(extension, image, *parameters):
  ok, data = cv2.imencode(extension, image, parameters)
  if not ok:
    raise RuntimeError(f'OpenCV could not encode a {extension} of shape {image.shape}')
  return data.tobytes()


def read_video(source, label_names, settings):
  """Reads one video file as it is to be stored.

  Args:
    source: a `Source`.
    label_names: class names, in the order of their labels.
    settings: a `Settings`.

  Returns:
    A `records.Video`.

  Raises:
    video.VideoError: the video cannot be used.
    masks.MaskError: the mask file cannot be used, or belongs to another video.
  """
  masks = None if source.masks is None else masks_lib.read(source.masks)
  source_rate, decoded = video_lib.decode(source.file)
  number_of_frames = 0

  def counted():
    nonlocal number_of_frames
    for index, frame in enumerate(decoded):
      number_of_frames = index + 1
      yield index, frame

  frames, places = [], []
  for index, frame in video_lib.resample(counted(), source_rate, settings.frame_rate):
    source_size = frame.shape[:2]
    size = video_lib.fit_short_side(*source_size, settings.short_side)
    frames.append(video_lib.resize(frame, *size))
    places.append(index)

  encoded_masks, coverage = None, None
  if masks is not None:
    if len(masks) != number_of_frames:
      raise masks_lib.MaskError(f'{source.masks}: expected {number_of_frames} masks, as many as '
                                f'{source.file} has frames; found {len(masks)}')
    if (masks.height, masks.width) != source_size:
      raise masks_lib.MaskError(
          f'{source.masks}: expected masks of {source_size[0]}x{source_size[1]}, the size of '
          f'{source.file}; found {masks.height}x{masks.width}')
    # INTER_NEAREST would put masks half a pixel further up and left than frames.
    resized = [
        video_lib.resize(masks.decode(index).astype(np.uint8), *size, cv2.INTER_NEAREST_EXACT)
        for index in places
    ]
    coverage = masks_lib.coverage(resized)
    encoded_masks = tuple(map(mask_images.encode, resized))

  flow = None
  if settings.flow == 'tvl1':
    flow = tuple(
        _encode_image('.png', np.dstack([np.zeros_like(u), v, u]))  # BGR
        for u, v in (np.moveaxis(optical_flow.quantise(field), -1, 0)
                     for field in optical_flow.tvl1(frames)))
  elif settings.flow is not None:
    raise ValueError(f"`flow` must be 'tvl1' or None; received {settings.flow!r}")

  return records.Video(
      path=source.path,
      label=source.label,
      label_text=label_names[source.label],
      frames=tuple(
          _encode_image('.jpg', cv2.cvtColor(frame, cv2.COLOR_RGB2BGR),
                        cv2.IMWRITE_JPEG_QUALITY, settings.jpeg_quality)
          for frame in frames),
      height=size[0],
      width=size[1],
      frame_rate=settings.frame_rate,
      masks=encoded_masks,
      coverage=coverage,
      flow=flow,
      flow_method=settings.flow,
      keep_original=source.keep_original)


def build(sources, label_names, output, settings, progress=None):
  """Stores a data set as a folder of records.

  Called again with the same arguments, it goes on where it was stopped: whole
  shards are kept.

  Args:
    sources: `Source`s.
    label_names: class names, in the order of their labels.
    output: the folder of records; made if missing.
    settings: a `Settings`.
    progress: called as progress(videos done, videos in all) each time the former
      grows, or None.

  Returns:
    The `Failure`s, in the order of `sources`; the other videos are stored.

  Raises:
    records.RecordError: `output` holds records made otherwise.
  """
  with files.locked(output):
    return _build(sources, label_names, output, settings, progress)


def _build(sources, label_names, output, settings, progress):
  shards = [records.shard_name(i, settings.num_shards) for i in range(settings.num_shards)]
  manifest = {
      'shards': shards,
      'label_names': list(label_names),
      'settings': {**dataclasses.asdict(settings), 'videos': len(sources),
                   'with_masks': sum(source.masks is not None for source in sources)},
      'complete': False,
  }
  existing = records.read_manifest(output)
  if existing is not None and {**existing, 'complete': False} != manifest:
    different = [key for key in manifest['settings']
                 if manifest['settings'][key] != existing['settings'].get(key)]
    raise records.RecordError(
        f'{output}: these records were made with other settings ('
        f'{", ".join(different) if different else "other classes"}); '
        'choose another folder or remove this one')
  if existing is None:
    records.write_manifest(output, manifest)

  order = np.random.default_rng(settings.seed).permutation(len(sources))
  failures, done = [], 0
  for number, shard in enumerate(shards):
    members = [sources[i] for i in order[number::settings.num_shards]]
    path = os.path.join(output, shard)
    if not _is_whole(path):
      _build_shard(path, members, label_names, settings,
                   None if progress is None else (
                       lambda n, before=done: progress(before + n, len(sources))))
    done += len(members)
    if progress is not None:
      progress(done, len(sources))
    left_out = _read_failures(path)
    failures.extend(left_out)
    stored = {entry.path for entry in records.read_shard_index(path)}
    if stored.union(failure.path for failure in left_out) != {source.path for source in members}:
      raise records.RecordError(f'{output}: these records were made from other videos; '
                                'choose another folder or remove this one')
  if existing is None or not existing['complete']:
    records.write_manifest(output, {**manifest, 'complete': True})
  place = {source.path: index for index, source in enumerate(sources)}
  return sorted(failures, key=lambda failure: place[failure.path])


def _is_whole(shard):
  try:
    records.read_shard_index(shard)
  except records.RecordError:
    return False
  return os.path.exists(_failures_path(shard))


def _build_shard(path, sources, label_names, settings, progress):
  failures = []

  def videos():
    for number, source in enumerate(sources, 1):
      try:
        yield read_video(source, label_names, settings)
      except (video_lib.VideoError, masks_lib.MaskError) as e:
        failures.append(Failure(source.path, str(e)))
      if progress is not None:
        progress(number)

  # The failures go to disk before the index, which declares the shard whole.
  records.write_shard(path, videos(), before_index=lambda: _write_failures(path, failures))


def _failures_path(shard):
  return os.path.splitext(shard)[0] + '.failures.csv'


def _write_failures(shard, failures):
  with files.replacing(_failures_path(shard)) as temporary, open(temporary, 'w', newline='') as f:
    writer = csv.writer(f)
    writer.writerow(['path', 'reason'])
    writer.writerows(dataclasses.astuple(failure) for failure in failures)


def _read_failures(shard):
  with open(_failures_path(shard), newline='') as f:
    return [Failure(row['path'], row['reason']) for row in csv.DictReader(f)]


def build_ucf101(videos, lists, output, settings, masks=None, progress=None):
  """Stores a data set that has UCF101's layout, and its lists beside the records.

  Args:
    videos: folder of 'Class/v_Class_g01_c01.avi'.
    lists: folder of classInd.txt, trainlist01.txt and so on; every video that
      some list names is stored once.
    output: the folder of records.
    settings: a `Settings`.
    masks: folder of 'v_Class_g01_c01.json', or None to store no masks. A video
      whose file is missing there is stored without.
    progress: as in `build`.

  Returns:
    (failures, without): the `Failure`s, and the paths of the videos that have no
    mask file although `masks` was given.

  Raises:
    UserError: a folder or list cannot be used, or `output` holds other records.
  """
  for what, folder in (('videos', videos), ('lists', lists), ('masks', masks)):
    if folder is not None and not os.path.isdir(folder):
      raise errors.UserError(f'`{what}` must be a folder; received {folder}')
  label_names, labels = ucf101.read_all_lists(lists)
  sources = []
  for path, label in sorted(labels.items()):
    mask_file = None
    if masks is not None:
      stem = os.path.splitext(os.path.basename(path))[0]
      mask_file = os.path.join(masks, f'{stem}.json')
      mask_file = mask_file if os.path.exists(mask_file) else None
    sources.append(Source(path, os.path.join(videos, path), label, mask_file))
  failures = build(sources, label_names, output, settings, progress)
  for name in sorted(os.listdir(lists)):
    if name.endswith('.txt'):
      target = os.path.join(output, splits.LISTS, name)
      with files.replacing(target) as temporary:
        shutil.copyfile(os.path.join(lists, name), temporary)
  without = [source.path for source in sources if source.masks is None] if masks else []
  return failures, without
