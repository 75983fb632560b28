"""Treatments as data: what is done to the pixels of a clip before the network sees them.

A treatment is region x fill x place, and has a name of the form

  REGION[-FILL][-PLACE]

such as 'none', 'activity-blur', 'activity-elsewhere' or 'background-mean-earlier'. The region is
what is replaced, the fill is what replaces it, and the place is where the region's mask is put.
Fill 'black' and place 'person' are the defaults, and are left out of the name. Region 'none' has
no other fill or place, region 'both' no other fill; flow has no region 'both'.

The paper replaces the background, or the activity (the person), with black. The other treatments
are controls for what black itself does to a network: other fills, the same shape at another time
or place, the silhouette alone, a person pasted into a video of another class.

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
#   both        everything: a white silhouette of the person on black is left.
REGIONS = ('none', 'background', 'activity')
ALL_REGIONS = REGIONS + ('both',)

# What replaces the region, in words for the help of flags.
FILL_HELP = {
  'black': 'black, for flow no motion',
  'mean': "each frame's mean colour of the pixels that stay (flow: mean motion), else black",
  'blur': 'the pixels that stay, blurred into the region; shows nothing of what was replaced',
  'noise': 'uniform noise, always the same for a video',
  'other': 'the same pixels of a video of another class, its own person blurred out',
}
FILLS = tuple(FILL_HELP)

# Where the mask is put.
#   person     on the person.
#   earlier    where the person is half a clip away in time (circular).
#   elsewhere  shifted sideways (circular, by the same amount in all frames of a clip) to where it
#              covers the person least; of those shifts, the one nearest to half the width.
PLACES = ('person', 'earlier', 'elsewhere')


@dataclasses.dataclass(frozen=True)
class Treatment:
  """What is done to the pixels of a clip.

  Attributes:
    region: one of `ALL_REGIONS`.
    fill: one of `FILLS`.
    place: one of `PLACES`.

  Raises:
    UserError: there is no such treatment.
  """

  region: str = 'none'
  fill: str = 'black'
  place: str = 'person'

  def __post_init__(self) -> None:
    validation.check_choice('region', self.region, ALL_REGIONS)
    validation.check_choice('fill', self.fill, FILLS)
    validation.check_choice('place', self.place, PLACES)
    if self.region in ('none', 'both'):
      expected = f"'black' for region {self.region!r}"
      validation.check('fill', self.fill, expected, self.fill == 'black')
    if self.region == 'none':
      validation.check('place', self.place, "'person' for region 'none'", self.place == 'person')

  @property
  def name(self) -> str:
    """The name, without the default fill and place."""
    fill = [] if self.fill == 'black' else [self.fill]
    place = [] if self.place == 'person' else [self.place]
    return '-'.join([self.region, *fill, *place])

  @classmethod
  def parse(cls, name: str) -> 'Treatment':
    """Returns the treatment of a name; defaults may be spelled out.

    Raises:
      UserError: there is no such treatment.
    """
    region, *rest = name.split('-')
    fill = rest.pop(0) if rest and rest[0] in FILLS else 'black'
    place = rest.pop(0) if rest and rest[0] in PLACES else 'person'
    if region not in ALL_REGIONS or rest:
      raise errors.UserError(
        f'a treatment must be a region ({", ".join(ALL_REGIONS)}), optionally -fill '
        f'({", ".join(FILLS)}), optionally -place ({", ".join(PLACES)}); received {name!r}'
      )
    return cls(region, fill, place)


def check_stream(treatment: Treatment, stream: str) -> None:
  """Checks that a treatment exists for a stream.

  Raises:
    UserError: flow has no silhouette: without its motion, nothing is left.
  """
  if treatment.region == 'both' and stream == 'flow':
    raise errors.UserError(
      "treatment 'both' must be of stream rgb: flow has no silhouette, "
      'because nothing is left without its motion; received stream flow'
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
    except errors.UserError:
      invalid.append(name)
  if invalid or not treatments:
    raise errors.UserError(
      f'`eval_masks` must be some of {", ".join(ALL_REGIONS)}, some with a fill or place '
      f'such as activity-blur; received {", ".join(invalid) if invalid else "none"}'
    )
  for treatment in treatments:
    check_stream(treatment, stream)
  return {treatment.name: treatment for treatment in treatments}
