"""The paper's experiments as rows of one table, and the controls that it lacks.

A condition says what a network was trained on and what it is tested on. Networks
are shared: one model serves 1b-rgb, 2a, 2b and every control that differs only in
the test. `Model.name` names the run directory, so that the folders of `reproduce`
follow from the table.
"""

from collections.abc import Sequence
import dataclasses
from typing import Any

from i3d_tf.common import errors
from i3d_tf.inputs import treatments


@dataclasses.dataclass(frozen=True)
class Condition:
  """A row of the table.

  Attributes:
    name: as in --conditions and in the names of result files.
    title: in words.
    table: the table of the paper, or None for rows that it lacks.
    streams: 'rgb', 'flow' or both, whose logits are then added.
    trained_on, tested_on: names of treatments (`treatments.Treatment`).
    resize: 'crop' or 'squash', as in `preprocess.crop_size`.
    augment: whether training draws crop and flip; False trains without.
    published: per cent of accuracy by split, or None.
    diversity: None, or `scenes_per_class` of a demo set of its own.
    network: whether a network answers; if not, the training video whose boxes of that shape are
      nearest does (`baselines.nearest`).
  """

  name: str
  title: str
  table: str | None = None
  streams: tuple = ('rgb',)
  trained_on: str = 'none'
  tested_on: str = 'none'
  resize: str = 'crop'
  augment: bool = True
  published: dict | None = None
  diversity: int | None = None
  network: bool = True

  @property
  def control(self) -> bool:
    """Whether the paper lacks this row."""
    return self.table is None

  @property
  def needs_flow(self) -> bool:
    """Whether its records must hold flow."""
    shown = treatments.parse_all([self.trained_on, self.tested_on]).values()
    return 'flow' in self.streams or any(treatment.needs_flow for treatment in shown)

  def to_json(self) -> dict[str, Any]:
    """What conditions.json says of this row, but for its records: a JSON-able dict."""
    published = self.published
    return {
      'name': self.name,
      'table': self.table,
      'title': self.title,
      'streams': list(self.streams),
      'trained_on': self.trained_on,
      'tested_on': self.tested_on,
      'resize': self.resize,
      'augment': self.augment,
      'published': None if published is None else {str(k): v for k, v in published.items()},
      'control': self.control,
      'diversity': self.diversity,
      'network': self.network,
    }


@dataclasses.dataclass(frozen=True)
class Model:
  """A network that conditions need: everything that distinguishes it from the others."""

  stream: str
  trained_on: str
  resize: str
  augment: bool
  diversity: int | None
  split: int
  seed: int

  @property
  def name(self) -> str:
    """The name of its run directory, such as 'rgb_background_squash_split1_seed0'."""
    return '_'.join(
      [
        self.stream,
        self.trained_on,
        *(['squash'] if self.resize == 'squash' else []),
        *(['plain'] if not self.augment else []),
        *([f'diversity{self.diversity}'] if self.diversity is not None else []),
        f'split{self.split}',
        f'seed{self.seed}',
      ]
    )


def _published(*by_split: float) -> dict[int, float]:
  return dict(enumerate(by_split, 1))


def _without_network(name: str, title: str, shown: str) -> Condition:
  """A row that is answered by the nearest box of the training list: see `baselines`."""
  title = f'no network: the nearest training clip by {title}'
  return Condition(name, title, trained_on=shown, tested_on=shown, resize='squash', network=False)


def _trained_so(name: str, title: str, treatment: str) -> Condition:
  """A row like 3a and 3b: trained and tested under one treatment, squashed."""
  title = f'{title}, in training and test'
  return Condition(name, title, trained_on=treatment, tested_on=treatment, resize='squash')


# The paper's rows, in its order, with the accuracies it states.
PAPER = (
  Condition(
    '1a',
    'two streams, nothing replaced',
    '1a',
    ('rgb', 'flow'),
    published=_published(97.60, 97.99, 97.72),
  ),
  Condition('1b-rgb', 'RGB, nothing replaced', '1b', published=_published(94.55, 95.66, 94.34)),
  Condition(
    '1b-flow', 'flow, nothing replaced', '1b', ('flow',), published=_published(96.40, 96.97, 96.42)
  ),
  Condition(
    '2a',
    'background black in the test',
    '2a',
    tested_on='background',
    published=_published(19.16, 18.31, 23.53),
  ),
  Condition(
    '2b',
    'person black in the test',
    '2b',
    tested_on='activity',
    published=_published(58.92, 54.28, 56.54),
  ),
  Condition(
    '3a',
    'background black in training and test',
    '3a',
    trained_on='background',
    tested_on='background',
    resize='squash',
    published=_published(78.27, 78.68, 77.13),
  ),
  Condition(
    '3b',
    'person black in training and test',
    '3b',
    trained_on='activity',
    tested_on='activity',
    resize='squash',
    published=_published(90.69, 93.10, 92.90),
  ),
)

CONTROLS = (
  Condition('2b-elsewhere', 'the black person where nobody is', tested_on='activity-elsewhere'),
  Condition('2b-earlier', 'the black person half a clip earlier', tested_on='activity-earlier'),
  Condition('2a-mean', 'background in the mean colour of the person', tested_on='background-mean'),
  Condition('2a-blur', 'person blurred over the background', tested_on='background-blur'),
  Condition('2a-noise', 'background noise in the test', tested_on='background-noise'),
  Condition('2b-mean', 'person in the mean colour of the background', tested_on='activity-mean'),
  Condition('2b-blur', 'background blurred over the person', tested_on='activity-blur'),
  Condition('2b-noise', 'person noise in the test', tested_on='activity-noise'),
  Condition('2-silhouette', 'white person on black in the test', tested_on='both'),
  Condition(
    '3-silhouette',
    'white person on black in training and test',
    trained_on='both',
    tested_on='both',
    resize='squash',
  ),
  Condition('2a-pasted', "person on another class's background", tested_on='background-other'),
  # The paper holds that augmentation makes a network rely on the background more.
  Condition('1b-plain', 'RGB, trained without augmentation', augment=False),
  Condition(
    '2a-plain', 'the same, background black in the test', tested_on='background', augment=False
  ),
  Condition('2b-plain', 'the same, person black in the test', tested_on='activity', augment=False),
)

# How far masks are grown in the test, in pixels of the stored frames.
_GROWN = tuple(
  Condition(
    f'2b-grown{size}',
    f'person black, mask grown by {size} pixels',
    tested_on=f'activity-grown{size}',
  )
  for size in (0, 5, 9, 17, 33)
)

# What the paper's rows leave open: 3a and 3b squash where 1b crops; the black hole of 2b and 3b has
# the person's outline and motion, which a box and a tube take away; and a still frame may do.
LOOPHOLES = (
  Condition('1b-squash', 'RGB, nothing replaced, squashed as 3a and 3b are', resize='squash'),
  Condition(
    '2a-squash', 'the same, background black in the test', tested_on='background', resize='squash'
  ),
  Condition(
    '2b-squash', 'the same, person black in the test', tested_on='activity', resize='squash'
  ),
  Condition('2a-box', 'all but a box around the person black', tested_on='background-box'),
  Condition('2b-box', 'a box around the person black', tested_on='activity-box'),
  Condition('2b-tube', 'one box around the person in all frames black', tested_on='activity-tube'),
  Condition('2b-united', "person and another class's outline black", tested_on='activity-united'),
  Condition('2b-inpaint', 'the place painted over the person', tested_on='activity-inpaint'),
  Condition('2-box', 'a white box on black, nothing else', tested_on='both-box'),
  _trained_so('3a-box', 'all but a box around the person black', 'background-box'),
  _trained_so('3b-box', 'a box around the person black', 'activity-box'),
  _trained_so('3b-tube', 'one box around the person in all frames black', 'activity-tube'),
  _trained_so('3b-united', "person and another class's outline black", 'activity-united'),
  _trained_so('3b-inpaint', 'the place painted over the person', 'activity-inpaint'),
  _trained_so('3-box', 'a white box on black, nothing else', 'both-box'),
  _trained_so('3-tube', 'one white box in all frames on black, nothing else', 'both-tube'),
  _trained_so('3-united', "white person and another class's outline on black", 'both-united'),
  Condition('2-carried', 'noise carried by the flow, nothing else', tested_on='both-carried'),
  _trained_so('3-carried', 'noise carried by the flow, nothing else', 'both-carried'),
  _without_network('0-tube', 'the one box around the person in all frames', 'both-tube'),
  _without_network('0-box', 'the box around the person, early, midway and late', 'both-box'),
  Condition(
    '2a-same', 'person on the place of another video of the class', tested_on='background-same'
  ),
  Condition(
    '2a-picture', "person on a still of another class's place", tested_on='background-picture'
  ),
  Condition(
    '2a-picture-still', 'the same, one frame in place of all', tested_on='background-picture-still'
  ),
  Condition('2a-stripes', 'person on stripes that stand still', tested_on='background-stripes'),
  Condition(
    '2a-stripes-still', 'the same, one frame in place of all', tested_on='background-stripes-still'
  ),
  Condition('1b-still', 'the middle frame in place of all', tested_on='none-still'),
  Condition('1b-shuffled', 'frames in a random order', tested_on='none-shuffled'),
  Condition('1b-reversed', 'frames backwards', tested_on='none-reversed'),
  Condition('2a-still', 'the middle frame, background black', tested_on='background-still'),
  Condition('2b-still', 'the middle frame, person black', tested_on='activity-still'),
  *_GROWN,
)

# Demo set only: backgrounds of a class drawn from so many families. The paper holds that their
# diversity decides how much a network relies on them.
DIVERSITY = tuple(
  Condition(
    f'{name}-diversity{number}',
    f'{number} kinds of background a class: {title}',
    tested_on=tested_on,
    diversity=number,
  )
  for number in (3, 10)
  for name, title, tested_on in (
    ('1b', 'RGB, nothing replaced', 'none'),
    ('2a', 'background black in the test', 'background'),
    ('2b', 'person black in the test', 'activity'),
  )
)

ON_ALL_DATA = PAPER + CONTROLS + LOOPHOLES
ALL = ON_ALL_DATA + DIVERSITY


def select(
  names: Sequence[str], on_demo_set: bool, with_flow: bool = True
) -> tuple[Condition, ...]:
  """The conditions that --conditions names, each once, in the order of the table.

  Args:
    names: 'paper', 'controls', 'loopholes', 'all' or names of conditions.
    on_demo_set: whether a demo set is used; without, 'all' leaves out the rows
      that draw one of their own.
    with_flow: whether the records hold flow; without, groups leave out the rows that
      need it. A row that is named itself stays: its user asks for it.

  Raises:
    UserError: a name is unknown, none is given, or a row needs a demo set.
  """
  groups = {
    'paper': PAPER,
    'controls': CONTROLS,
    'loopholes': LOOPHOLES,
    'all': ALL if on_demo_set else ON_ALL_DATA,
  }
  by_name = {condition.name: (condition,) for condition in ALL}
  unknown = [name for name in names if name not in groups and name not in by_name]
  if unknown or not names:
    raise errors.UserError(
      f'--conditions must be some of {", ".join([*groups, *by_name])}; '
      f'received {", ".join(unknown) if unknown else "none"}'
    )
  wanted = {
    condition.name
    for name in names
    for condition in (groups[name] if name in groups else by_name[name])
    if with_flow or not condition.needs_flow or name in by_name
  }
  chosen = tuple(condition for condition in ALL if condition.name in wanted)
  of_demo_set = [condition.name for condition in chosen if condition.diversity is not None]
  if of_demo_set and not on_demo_set:
    raise errors.UserError(
      f'--conditions: {", ".join(of_demo_set)} draw a demo set of their own; received --records'
    )
  return chosen


def models(condition: Condition, split: int, seed: int) -> tuple[Model, ...]:
  """The `Model`s that a condition needs, one per stream; none for a row without a network."""
  return tuple(
    Model(
      stream,
      condition.trained_on,
      condition.resize,
      condition.augment,
      condition.diversity,
      split,
      seed,
    )
    for stream in (condition.streams if condition.network else ())
  )


def result_name(condition: Condition, split: int, seed: int) -> str:
  """The name of a condition's result file, without suffix."""
  return f'{condition.name}.split{split}.seed{seed}'
