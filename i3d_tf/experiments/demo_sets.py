"""The demo sets that conditions need: most share one, some draw another of their own."""

from collections.abc import Iterable
import dataclasses

from i3d_tf.demo import plan as demo_plan
from i3d_tf.demo import records as demo_records
from i3d_tf.experiments import conditions
from i3d_tf.experiments import costs
from i3d_tf.experiments import plan as plan_lib
from i3d_tf.inputs import clip_settings


@dataclasses.dataclass(frozen=True)
class DemoSet:
  """A demo set: its folder, how it is drawn, and whether it has flow."""

  folder: str
  settings: demo_plan.DemoSettings
  flow: bool

  def prepare(self) -> None:
    """Draws it and makes its records, or what is missing of that."""
    demo_records.prepare(self.settings, self.folder, flow=self.flow)

  @property
  def records(self) -> str:
    """The folder of its records."""
    return demo_records.folder(self.folder, self.flow)

  def describe(self) -> str:
    """A line of text: what is to be done before networks are trained."""
    if demo_records.is_made(self.folder, self.flow):
      return f'demo set in {self.folder}: there'
    if not self.flow:
      return f'demo set in {self.folder}: to be drawn, under a minute'
    seconds = demo_records.flow_seconds(self.settings)
    return (
      f'demo set in {self.folder}: to be drawn, under a minute, and its TV-L1 flow, about '
      f'{plan_lib.duration(seconds)}'
    )


def needed(chosen: Iterable[conditions.Condition], demo_dir: str) -> dict[int | None, DemoSet]:
  """The demo sets that conditions need, by their diversity.

  Args:
    chosen: the conditions.
    demo_dir: folder of the set of diversity None; the others are next to it.
  """
  chosen = tuple(chosen)
  sets: dict[int | None, DemoSet] = {}
  for diversity in dict.fromkeys(condition.diversity for condition in chosen):
    flow = any('flow' in c.streams for c in chosen if c.diversity == diversity)
    if diversity is None:
      sets[diversity] = DemoSet(demo_dir, demo_plan.DemoSettings(), flow)
    else:
      sets[diversity] = DemoSet(
        f'{demo_dir}_diversity{diversity}', demo_plan.DemoSettings(scenes_per_class=diversity), flow
      )
  return sets


def test_size(clips: clip_settings.ClipSettings) -> costs.TestSize:
  """What a test list of the demo set holds, before it is drawn."""
  settings = demo_plan.DemoSettings()
  videos = len(demo_plan.plan(settings)) // demo_plan.NUM_SPLITS
  return costs.TestSize(
    videos, min(settings.num_frames, clips.max_frames), min(videos, clips.batch_size)
  )
