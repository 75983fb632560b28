"""Treatments as data: which pixels of a clip are replaced, and by what.

The paper replaces the background, or the activity (the person), by black. The controls ask
what that black itself does: other fills, the same shape at another time or place, the
silhouette alone, a person pasted on another class's place. All are a `Treatment`, region x
fill x place; `masking.apply` applies them. Needs no TensorFlow.
"""

import dataclasses

from i3d_tf.common import errors
from i3d_tf.common import validation

# The region that is replaced; the first three are the paper's, 'both' leaves the
# silhouette alone: a white person on black.
REGIONS = ('none', 'background', 'activity')
ALL_REGIONS = REGIONS + ('both',)

# What stands in place of the region:
#   black  black; for flow no motion.
#   mean   a frame's mean colour (flow: mean motion) of the pixels that stay; black if none does.
#   blur   the pixels that stay, blurred into the region; nothing of what was replaced shows.
#   noise  every pixel and channel uniform in [-1, 1], the same for a video whenever it is seen.
#   other  the same pixels of a video of another class, its own person blurred out.
FILLS = ('black', 'mean', 'blur', 'noise', 'other')

# Where the mask lies:
#   person     on the person.
#   earlier    where the person is half a clip away in time (circular).
#   elsewhere  shifted sideways (circular, the same for all frames of a clip) to where it covers
#              the person least, and of those shifts to that nearest half the width.
PLACES = ('person', 'earlier', 'elsewhere')


@dataclasses.dataclass(frozen=True)
class Treatment:
  """What is done to the pixels of a clip.

  Attributes:
    region: one of `ALL_REGIONS`.
    fill: one of `FILLS`; 'none' and 'both' have 'black' only.
    place: one of `PLACES`; 'none' has 'person' only.

  Raises:
    UserError: there is no such treatment.
  """

  region: str = 'none'
  fill: str = 'black'
  place: str = 'person'

  def __post_init__(self):
    validation.check_choice('region', self.region, ALL_REGIONS)
    validation.check_choice('fill', self.fill, FILLS)
    validation.check_choice('place', self.place, PLACES)
    if self.region in ('none', 'both') and self.fill != 'black':
      raise errors.UserError(
        f"`fill` must be 'black' for region {self.region!r}, which has no "
        f'other; received {self.fill!r}'
      )
    if self.region == 'none' and self.place != 'person':
      raise errors.UserError(f"`place` must be 'person' for region 'none'; received {self.place!r}")

  @property
  def name(self):
    """The region, the fill unless it is black, the place unless it is the person's."""
    return '-'.join(
      [
        self.region,
        *([self.fill] if self.fill != 'black' else []),
        *([self.place] if self.place != 'person' else []),
      ]
    )

  @classmethod
  def parse(cls, name):
    """The treatment of a name such as 'none', 'activity-blur' or 'activity-black-elsewhere'.

    Raises:
      UserError: there is no such treatment.
    """
    region, *rest = name.split('-')
    fill = rest.pop(0) if rest and rest[0] in FILLS else 'black'
    place = rest.pop(0) if rest and rest[0] in PLACES else 'person'
    if region not in ALL_REGIONS or rest:
      raise errors.UserError(
        f'a treatment must be a region ({", ".join(ALL_REGIONS)}), perhaps -fill '
        f'({", ".join(FILLS)}), perhaps -place ({", ".join(PLACES)}); received {name!r}'
      )
    return cls(region, fill, place)


def check_stream(treatment, stream):
  """Raises a `UserError` if the treatment says nothing for a stream ('rgb' or 'flow')."""
  if treatment.region == 'both' and stream == 'flow':
    raise errors.UserError(
      "treatment 'both' must be of stream rgb: flow has no silhouette, "
      'without its motion nothing is left; received stream flow'
    )


def parse_all(names, stream='rgb'):
  """A dict from name to `Treatment`, in the order of `names`, each once.

  Raises:
    UserError: there is no such treatment for the stream, or no name at all.
  """
  treatments, unknown = [], []
  for name in names:
    try:
      treatments.append(Treatment.parse(name))
    except errors.UserError:
      unknown.append(name)
  if unknown or not names:
    raise errors.UserError(
      f'`eval_masks` must be some of {", ".join(ALL_REGIONS)}, some with a fill or place '
      f'such as activity-blur; received {", ".join(unknown) if unknown else "none"}'
    )
  for treatment in treatments:
    check_stream(treatment, stream)
  return {treatment.name: treatment for treatment in treatments}
