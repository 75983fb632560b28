"""A folder as `reproduce` leaves it, without any network: answers of known accuracy.

Ten classes, two clips a group; the videos of split s are of groups of its own. What a
condition gets right follows from a fixed rule, so that a test can say the numbers.
"""

import csv
import json
import os

import numpy as np

from i3d_tf.records import ucf101

CLASSES = (
  'Bowing',
  'Clapping',
  'JugglingBalls',
  'JumpingJack',
  'Kicking',
  'Lunges',
  'Marching',
  'Punching',
  'Squatting',
  'Waving',
)
GROUPS, CLIPS = 4, 3  # a split's groups a class, and a group's clips

# name: (table, streams, trained_on, tested_on, published, accuracy, slope)
# slope: how much the accuracy rises from the smallest person to the largest.
CONDITIONS = {
  '1a': ('1a', ['rgb', 'flow'], 'none', 'none', (97.60, 97.99, 97.72), 0.97, 0.0),
  '1b-rgb': ('1b', ['rgb'], 'none', 'none', (94.55, 95.66, 94.34), 0.94, 0.0),
  '1b-flow': ('1b', ['flow'], 'none', 'none', (96.40, 96.97, 96.42), 0.90, 0.0),
  '2a': ('2a', ['rgb'], 'none', 'background', (19.16, 18.31, 23.53), 0.30, 0.5),
  '2b': ('2b', ['rgb'], 'none', 'activity', (58.92, 54.28, 56.54), 0.60, -0.4),
  '3a': ('3a', ['rgb'], 'background', 'background', (78.27, 78.68, 77.13), 0.70, 0.3),
  '3b': ('3b', ['rgb'], 'activity', 'activity', (90.69, 93.10, 92.90), 0.85, 0.0),
  '2b-elsewhere': (None, ['rgb'], 'none', 'activity-elsewhere', None, 0.80, 0.0),
  '2-silhouette': (None, ['rgb'], 'none', 'both', None, 0.15, 0.2),
  '1b-plain': (None, ['rgb'], 'none', 'none', None, 0.92, 0.0),
  '1b-diversity3': (None, ['rgb'], 'none', 'none', None, 0.75, 0.0),
}


def write(
  folder,
  *,
  splits=(1, 2, 3),
  names=tuple(CONDITIONS),
  label_names=CLASSES,
  groups=GROUPS,
  clips=CLIPS,
  records='/nowhere/records',
  seed=0,
):
  """Writes conditions.json and results; '1b-rgb' has seeds 0 and 1, the others seed 0.

  Args:
    folder: where to.
    splits: numbers of the splits.
    names: conditions that have results; conditions.json has them all.
    label_names: class names.
    groups, clips: of each class and split, and of each group.
    records: what conditions.json names; those of diversity rows are elsewhere.
    seed: of the answers.
  """
  os.makedirs(os.path.join(folder, 'results'), exist_ok=True)
  with open(os.path.join(folder, 'conditions.json'), 'w') as f:
    json.dump(
      {
        'label_names': list(label_names),
        'conditions': [
          {
            'name': name,
            'table': table,
            'title': f'{name} in words',
            'streams': streams,
            'trained_on': trained,
            'tested_on': tested,
            'resize': 'crop',
            'augment': True,
            'published': None
            if published is None
            else {str(split): accuracy for split, accuracy in enumerate(published, 1)},
            'control': table is None,
            'diversity': 3 if 'diversity' in name else None,
            'records': '/elsewhere' if 'diversity' in name else str(records),
          }
          for name, (table, streams, trained, tested, published, _, _) in CONDITIONS.items()
        ],
      },
      f,
    )
  for split in splits:
    videos = list(_videos(label_names, split, groups, clips, seed))
    for number, name in enumerate(CONDITIONS):
      if name in names:
        for run in (0, 1) if name == '1b-rgb' else (0,):
          rng = np.random.default_rng([seed, split, number, run])
          _write_rows(
            os.path.join(folder, 'results', f'{name}.split{split}.seed{run}.csv'),
            videos,
            label_names,
            CONDITIONS[name][-2:],
            rng,
          )


def _videos(label_names, split, groups, clips, seed):
  """(path, label, coverage): classes are near or far, groups differ a little; one has no mask."""
  rng = np.random.default_rng([seed, split])
  for label, name in enumerate(label_names):
    for group in range(groups):
      coverage = 0.02 + 0.4 * ((label * 7) % len(label_names)) / len(label_names)
      coverage *= rng.uniform(0.8, 1.2)
      for clip in range(clips):
        path = f'{name}/v_{name}_g{(split - 1) * groups + group + 1:02d}_c{clip + 1:02d}.avi'
        found = not (label == 1 and group == 0)  # a group of the second class
        yield path, label, coverage * rng.uniform(0.98, 1.02) if found else 0.0


def _write_rows(path, videos, label_names, rule, rng):
  accuracy, slope = rule
  count = len(label_names)
  luck = {}
  with open(path, 'w', newline='') as f:
    writer = csv.writer(f)
    writer.writerow(
      [
        'video',
        'label',
        'class',
        'group',
        'prediction',
        'correct',
        'mask_found',
        'coverage',
        'frames',
        *(f'logit_{i}' for i in range(count)),
      ]
    )
    for video, label, coverage in videos:
      group = ucf101.group(video)
      # Clips of a group share their luck, mostly.
      lucky = luck.setdefault((label, group), rng.random())
      lucky = lucky if rng.random() < 0.8 else rng.random()
      right = lucky < accuracy + slope * (coverage - 0.2) / 0.4
      logits = rng.normal(size=count).astype(np.float32)
      top = label if right else (label + 1 + rng.integers(count - 1)) % count
      logits[top] = logits.max() + np.float32(1 + rng.random())
      writer.writerow(
        [
          video,
          label,
          label_names[label],
          group,
          top,
          int(right),
          int(coverage > 0),
          coverage,
          16,
          *map(str, logits),
        ]
      )
