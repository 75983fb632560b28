"""What make_tfrecords is asked to do, as data. Imports nothing heavy: flags use it."""

import dataclasses

TEST_SHARE = 0.2  # of the groups, where a data set names no test videos
FLOW_FORMATS = ('png', 'jpeg')


@dataclasses.dataclass(frozen=True)
class EncodingSettings:
  """How videos are stored.

  Attributes:
    short_side: pixels of the frames' shorter side.
    frame_rate: frames per second.
    jpeg_quality: 1 to 100.
    flow: one of `optical_flow.METHODS`, or None to store no flow.
    num_shards: number of files; None for one that fits the data set.
    seed: seed of the order of the videos.
    flow_format: one of `FLOW_FORMATS`; png is lossless.
    flow_jpeg_quality: 1 to 100.
    flow_backend: what computes the flow, one of `optical_flow.BACKENDS`.
    shared_groups: whether a group (gNN) is the same people or place in all classes. It changes
      no record; the manifest says it to whoever resamples results by groups.
  """

  short_side: int = 256
  frame_rate: float = 25.0
  jpeg_quality: int = 95
  flow: str | None = None
  num_shards: int | None = None
  seed: int = 0
  flow_format: str = 'png'
  flow_jpeg_quality: int = 95
  flow_backend: str = 'opencv'
  shared_groups: bool = False


@dataclasses.dataclass(frozen=True)
class DataSetOptions:
  """What a data set gets in addition to its videos, and how they are split.

  Attributes:
    masks: folder of mask files, or None to store no masks. The masks of 'Class/name.avi' are
      'Class/name.json' or, if no other video has that name, 'name.json'. A video without a
      mask file is stored without masks.
    verdicts: CSV file of verdicts on masks (`i3d_tf.masks.verdicts`), or None.
    validation: how many groups of each training list to hold out for validation: a number,
      or a share below 1; None for none.
    test: the same for the test list; None for `TEST_SHARE` where the data set names no test
      videos, 0 for no test list. UCF101's lists name their own.
    seed: seed of the choice of groups.
    labels: file of class names, one per line, in the order of their labels; None to sort the
      names. UCF101's lists have their own.
    subset: the list of those videos of a CSV file for which it names none.
    allow_shared_sources: whether videos of one source may be in several lists.
  """

  masks: str | None = None
  verdicts: str | None = None
  validation: float | None = None
  test: float | None = None
  seed: int = 0
  labels: str | None = None
  subset: str = 'train'
  allow_shared_sources: bool = False


@dataclasses.dataclass(frozen=True)
class RecordsRequest:
  """One call of make_tfrecords.

  Attributes:
    output: folder of the records.
    videos: folder of the videos; None for the folder of `csv`.
    lists: folder of UCF101's lists, or None.
    csv: CSV file that describes the videos, or None. Without `lists` and `csv`, `videos` holds
      class folders.
    data_set: masks, verdicts and splits.
    encoding: how videos are stored.
    workers: processes; None for one per core.
    beam_options: flags for Apache Beam.
    retry_failed: whether to retry videos that failed before and have not changed.
    fewest_files: as in `build.build`.
  """

  output: str
  videos: str | None
  lists: str | None
  csv: str | None
  data_set: DataSetOptions
  encoding: EncodingSettings
  workers: int | None = None
  beam_options: tuple[str, ...] = ()
  retry_failed: bool = False
  fewest_files: int = 1
