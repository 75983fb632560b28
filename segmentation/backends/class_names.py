"""The classes that segmenters know by name, and which of them a user means."""

from collections.abc import Sequence

from i3d_tf.common import errors

# COCO's 80 classes of things, by their ids, of which ten are not used. Source: the categories of
# COCO's instances_val2017.json, which Mask R-CNNs of TF Hub and of the Model Garden number by.
COCO = dict(
  zip(
    (n for n in range(1, 91) if n not in (12, 26, 29, 30, 45, 66, 68, 69, 71, 83)),
    (
      *('person', 'bicycle', 'car', 'motorcycle', 'airplane', 'bus', 'train', 'truck', 'boat'),
      *('traffic light', 'fire hydrant', 'stop sign', 'parking meter', 'bench', 'bird', 'cat'),
      *('dog', 'horse', 'sheep', 'cow', 'elephant', 'bear', 'zebra', 'giraffe', 'backpack'),
      *('umbrella', 'handbag', 'tie', 'suitcase', 'frisbee', 'skis', 'snowboard', 'sports ball'),
      *('kite', 'baseball bat', 'baseball glove', 'skateboard', 'surfboard', 'tennis racket'),
      *('bottle', 'wine glass', 'cup', 'fork', 'knife', 'spoon', 'bowl', 'banana', 'apple'),
      *('sandwich', 'orange', 'broccoli', 'carrot', 'hot dog', 'pizza', 'donut', 'cake', 'chair'),
      *('couch', 'potted plant', 'bed', 'dining table', 'toilet', 'tv', 'laptop', 'mouse'),
      *('remote', 'keyboard', 'cell phone', 'microwave', 'oven', 'toaster', 'sink'),
      *('refrigerator', 'book', 'clock', 'vase', 'scissors', 'teddy bear', 'hair drier'),
      'toothbrush',
    ),
    strict=True,
  )
)
# The channels of DeepLab's output: the classes of PASCAL VOC 2012 after the background.
VOC = (
  *('background', 'aeroplane', 'bicycle', 'bird', 'boat', 'bottle', 'bus', 'car', 'cat', 'chair'),
  *('cow', 'diningtable', 'dog', 'horse', 'motorbike', 'person', 'pottedplant', 'sheep', 'sofa'),
  *('train', 'tvmonitor'),
)

COCO_OBJECTS = tuple(name for name in COCO.values() if name != 'person')
VOC_OBJECTS = tuple(name for name in VOC if name not in ('background', 'person'))


def resolve(wanted: Sequence[str], known: Sequence[str], where: str) -> tuple[str, ...]:
  """The classes of a segmenter that a user means.

  Args:
    wanted: a class's name or, where one class alone ends in it, its last word: 'racket' is
      'tennis racket'. Upper and lower case are the same.
    known: the names of the segmenter's classes other than the person.
    where: whose classes these are, for messages.

  Returns:
    Names of `known`, each once, sorted: the order in which a user names them does not matter.

  Raises:
    UserError: a name is of no class; the message lists those that are.
  """
  found = set()
  for name in wanted:
    low = name.strip().lower()
    equal = [one for one in known if one.lower() == low]
    ends = [one for one in known if low and one.lower().endswith(f' {low}')]
    if equal or len(ends) == 1:
      found.add((equal or ends)[0])
      continue
    raise errors.UserError(
      f'--also must name classes of {where}; received {name.strip()!r}; known are '
      f'{", ".join(known) if known else "none"}'
    )
  return tuple(sorted(found))
