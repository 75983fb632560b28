"""Treatments as data: what is done to a clip before the network sees it.

A treatment is region x fill x place x shape x time x growth, and has a name of the form

  REGION[-FILL][-PLACE][-SHAPE][-TIME][-GROWTH]

such as 'none', 'activity-blur', 'activity-elsewhere', 'background-box' or 'activity-inpaint-box'.
The region is what is replaced, and the fill is what replaces it. The mask of the region is the
person's outline or a box, put on the person or elsewhere. Time is the order of the frames. Growth
is for tests: it takes the place of what --mask_dilation says. The defaults, 'black', 'person',
'outline', 'forward' and 'given', are left out of the name. Region 'none' has
no other fill, place or shape, region 'both' no other fill but 'carried'; flow has no region 'both'
and no other time.

The paper replaces the background, or the activity (the person), with black. The other treatments
are controls: for what black itself does to a network, for what the outline of the hole and its
motion tell, for whether a still frame would do.

This module is the data, which commands check without TensorFlow; `masking.apply` applies it.
"""

from collections.abc import Iterable
import dataclasses

from i3d_tf.common import errors
from i3d_tf.common import validation

# What is replaced. The first three are the paper's.
#   none        nothing.
#   background  everything but the person: only the person is left.
#   activity    the person: only the place is left.
#   both        everything: a white silhouette of the person on black is left; with fill 'carried'
#               noise alone.
REGIONS = ('none', 'background', 'activity')
ALL_REGIONS = REGIONS + ('both',)

# What replaces the region, in words for the help of flags.
FILL_HELP = {
  'black': 'black, for flow no motion',
  'mean': "each frame's mean colour of the pixels that stay (flow: mean motion), else black",
  'blur': 'the pixels that stay, blurred into the region; shows nothing of what was replaced',
  'noise': 'uniform noise, always the same for a video',
  'inpaint': 'for region activity: at each pixel the median over the frames of the clip that show '
  'the place there, and its blur where none does; the place itself if the camera stands still',
  'other': 'the same pixels of a video of another class, its own person blurred out',
  'same': 'as other, of another video of the same class',
  'picture': 'as other, of its middle frame alone: a picture that stands still',
  'stripes': 'sinusoidal stripes, always the same for a video: a picture without objects that '
  'stands still',
  'carried': 'noise that the stored flow carries from frame to frame: motion without appearance; '
  'no frame shows anything by itself. For records with flow',
}
FILLS = tuple(FILL_HELP)

# Other videos that a treatment may take from (`partners`): of another class, of the same class.
PARTNER, TWIN = 'partner', 'twin'

# Where the mask is put.
#   person     on the person.
#   earlier    where the person is half a clip away in time (circular).
#   elsewhere  shifted sideways (circular, by the same amount in all frames of a clip) to where it
#              covers the person least; of those shifts, the one nearest to half the width.
PLACES = ('person', 'earlier', 'elsewhere')

# The shape of the mask, before it is put at its place, in words for the help of flags.
SHAPE_HELP = {
  'outline': 'the mask as it is',
  'box': "the mask's bounding box in every frame: no outline, but its place, size and motion",
  'tube': 'the bounding box of all masks of a clip, the same in every frame: no motion either',
  'united': 'the mask and that of a video of another class, drawn by seed: whose of the two the '
  'action is, it does not tell',
}
SHAPES = tuple(SHAPE_HELP)

# The order of the frames, and of their masks with them, in words for the help of flags.
TIME_HELP = {
  'forward': 'as they are',
  'still': 'the middle one in place of all',
  'shuffled': 'in an order drawn for each video, always the same',
  'reversed': 'backwards',
}
TIMES = tuple(TIME_HELP)

# By how many pixels of the stored frames masks are grown: 'given' is `ClipSettings.mask_dilation`.
GROWTHS = {'given': None, **{f'grown{size}': size for size in (0, 5, 9, 17, 33)}}


class _UnknownNameError(errors.UserError):
  """A name that is not of the form of treatments."""


@dataclasses.dataclass(frozen=True)
class Treatment:
  """What is done to a clip: first to its time, then to its pixels.

  Attributes:
    region: one of `ALL_REGIONS`.
    fill: one of `FILLS`.
    place: one of `PLACES`.
    shape: one of `SHAPES`. A tube is that of the frames that the network sees at a time: in
      training those of the clip that was cut out.
    time: one of `TIMES`.
    growth: one of `GROWTHS`.

  Raises:
    UserError: there is no such treatment.
  """

  region: str = 'none'
  fill: str = 'black'
  place: str = 'person'
  shape: str = 'outline'
  time: str = 'forward'
  growth: str = 'given'

  def __post_init__(self) -> None:
    validation.check_choice('region', self.region, ALL_REGIONS)
    for name, choices in _PARTS.items():
      validation.check_choice(name, getattr(self, name), choices)
    if self.region == 'none' or (self.region == 'both' and self.fill != 'carried'):
      self._check_default('fill')
    if self.region == 'none' or self._is_all_noise:
      self._check_default('place')
      self._check_default('shape')
    if self.region == 'none' or self._is_all_noise or self.needs_partner or self.needs_twin:
      self._check_default('growth')
    if self.fill == 'carried':
      expected = "'forward' for fill 'carried', since flow is stored from each frame to the next"
      validation.check('time', self.time, expected, self.time == 'forward')
    if self.fill == 'inpaint':
      self._check_inpaint()

  def _check_inpaint(self) -> None:
    """Raises a `UserError` if no frame shows what fill 'inpaint' would have to paint."""
    if self.region != 'activity':
      raise errors.UserError(
        f"fill 'inpaint' must be of region 'activity', since it paints the place; received region "
        f'{self.region!r}'
      )
    for part, allowed in _SHOW_THE_PLACE.items():
      value = getattr(self, part)
      expected = f"{' or '.join(map(repr, allowed))} for fill 'inpaint'"
      validation.check(part, value, expected, value in allowed)

  def _check_default(self, part: str) -> None:
    """Raises a `UserError` if a part that the region does not have is not the default."""
    value, default = getattr(self, part), _PARTS[part][0]
    whose = f'region {self.region!r}'
    if self._is_all_noise:
      whose = "region 'both' with fill 'carried'"
    elif part == 'growth' and self.region != 'none':
      whose = 'what takes from other videos'
    validation.check(part, value, f'{default!r} for {whose}', value == default)

  @property
  def name(self) -> str:
    """The name, without the parts that are the default."""
    parts = {part: getattr(self, part) for part in _PARTS}
    return '-'.join(
      [self.region, *(value for part, value in parts.items() if value != _PARTS[part][0])]
    )

  @property
  def described(self) -> str:
    """The name in the words of a progress bar."""
    return 'nothing replaced' if self.name == 'none' else f'replaced: {self.name}'

  @property
  def dilation(self) -> int | None:
    """By how many stored pixels masks are grown; None for `ClipSettings.mask_dilation`."""
    return GROWTHS[self.growth]

  @property
  def needs_partner(self) -> bool:
    """Whether it takes pixels or masks of a video of another class."""
    return self.fill in ('other', 'picture') or self.shape == 'united'

  @property
  def needs_twin(self) -> bool:
    """Whether it takes pixels of another video of the same class."""
    return self.fill == 'same'

  @property
  def needs_flow(self) -> bool:
    """Whether it takes the stored flow of the video."""
    return self.fill == 'carried'

  @property
  def _is_all_noise(self) -> bool:
    """Whether nothing is left, so that no mask matters."""
    return self.region == 'both' and self.fill == 'carried'

  @property
  def place_from(self) -> str | None:
    """Whose place the person is pasted on: `PARTNER`, `TWIN`, or None for their own."""
    if self.region != 'background':
      return None
    return TWIN if self.needs_twin else PARTNER if self.fill in ('other', 'picture') else None

  @property
  def on_picture(self) -> bool:
    """Whether the person is put on a picture that stands still: SCUBA, with time 'still' SCUFO."""
    return self.region == 'background' and self.fill in ('picture', 'stripes')

  @classmethod
  def parse(cls, name: str) -> 'Treatment':
    """Returns the treatment of a name; defaults may be spelled out.

    Raises:
      UserError: there is no such treatment.
    """
    region, *rest = name.split('-')
    parts = {}
    for part, choices in _PARTS.items():
      parts[part] = rest.pop(0) if rest and rest[0] in choices else choices[0]
    if region not in ALL_REGIONS or rest:
      raise _UnknownNameError(
        f'a treatment must be a region ({", ".join(ALL_REGIONS)})'
        + ''.join(f', optionally -{part} ({", ".join(of)})' for part, of in _PARTS.items())
        + f'; received {name!r}'
      )
    return cls(region, **parts)


# What follows the region in a name, in this order; of each, the first is the default.
_PARTS = {'fill': FILLS, 'place': PLACES, 'shape': SHAPES, 'time': TIMES, 'growth': tuple(GROWTHS)}
# Where some frames show the place behind the mask of others, for fill 'inpaint' to paint it.
_SHOW_THE_PLACE = {
  'place': ('person',),
  'shape': ('outline', 'box'),
  'time': ('forward', 'shuffled', 'reversed'),
}


def check_stream(treatment: Treatment, stream: str) -> None:
  """Checks that a treatment exists for a stream.

  Raises:
    UserError: flow has no silhouette, because nothing is left without its motion. Nor has it
      stripes, for the same reason, or another time: the flow of reordered frames is not that of the
      frames, reordered.
  """
  if treatment.region == 'both' and treatment.fill == 'black' and stream == 'flow':
    raise errors.UserError(
      "treatment 'both' must be of stream rgb: flow has no silhouette, "
      'because nothing is left without its motion; received stream flow'
    )
  if treatment.needs_flow and stream == 'flow':
    raise errors.UserError(
      f'treatment {treatment.name!r} must be of stream rgb: it shows the flow as moving noise; '
      'received stream flow'
    )
  if treatment.fill == 'stripes' and stream == 'flow':
    raise errors.UserError(
      f'treatment {treatment.name!r} must be of stream rgb: stripes have no motion, which is fill '
      "'black' of flow; received stream flow"
    )
  if treatment.time != 'forward' and stream == 'flow':
    raise errors.UserError(
      f'treatment {treatment.name!r} must be of stream rgb: the flow of reordered frames is not '
      'that of the frames, reordered; received stream flow'
    )


def parse_all(names: Iterable[str], stream: str = 'rgb') -> dict[str, Treatment]:
  """Parses the names of treatments.

  Args:
    names: as the user wrote them.
    stream: 'rgb' or 'flow'.

  Returns:
    Treatments by name, in the order of `names`, each once.

  Raises:
    UserError: a treatment does not exist for the stream, or there are no names.
  """
  treatments, invalid = [], []
  for name in names:
    try:
      treatments.append(Treatment.parse(name))
    except _UnknownNameError:
      invalid.append(name)
    except errors.UserError as e:
      invalid.append(f'{name} ({e})')
  if invalid or not treatments:
    raise errors.UserError(
      f'`eval_masks` must be some of {", ".join(ALL_REGIONS)}, some with a fill, place, shape or '
      'time such as activity-blur or background-box; received '
      f'{", ".join(invalid) if invalid else "none"}'
    )
  for treatment in treatments:
    check_stream(treatment, stream)
  return {treatment.name: treatment for treatment in treatments}
