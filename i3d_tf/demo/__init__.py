"""A data set that any machine can draw: ten actions in ten families of places, with exact masks.

It asks UCF101's question where nothing can be downloaded: has a network learned the person who
acts, or the place where people act? `writing.write_videos` writes it in UCF101's layout, for the
same tools; `rendering.render` returns a clip as arrays.

The person is a body of twelve segments (`skeleton`) that moves from key pose to key pose
(`actions`), painted as textured limbs with a face, hair and clothes (`figure`, `canvas`). The place
is an instance of a family (`scene`), seen through a camera that pans, zooms and shakes, in
flickering light. A group (gNN), as in UCF101, is one performer in one place; its clips differ in
phase, framing, turn, tempo and camera. Splits never divide a group.

What honest training should find, and why (numbers are the paper's conditions):

- The place predicts the class, but not perfectly. Each class has its own family of places, but a
  share of its groups is filmed elsewhere (`scene_affinity`), and some pairs of classes share a
  family, as some sports share a field (`shared_scenes`): there, only the person tells them apart.
  Both limit what the place alone can achieve (2b, 3b), and reward a network that sees everything
  (1b) for also learning the person. `scenes_per_class` spreads a class over several families; at
  10, the place says nothing.
- The person predicts the class too, but less well (3a is below 3b): in half of the groups the
  performer only stands ready (`idle_share`), as in videos that begin before the action. The person
  is also harder to learn. Actions share poses and differ in limbs, order and speed; people start
  at any phase and face left or right; their idle limbs follow a habit of the performer, not of
  the class.
- Looks predict little. The performer of group n is the same in all ten classes except for the
  clothes, and training never sees the performers of the test. Only classes that share their
  places mostly wear colors of their own, one warm and one cold (`clothes_affinity`), like teams
  on a field.
- The person covers little of the frame when far and much when near. `near_share` sets how many
  classes are filmed near, and results can be split by that.
- A network trained on unmasked videos relies on the place, which it learns first. Without the
  place (2a) it fails: it has never seen a black background.
- A mask removes the person or the place and nothing else: outside it, every pixel is what it would
  be without the person (the videos are lossless). As in the paper, the hole still shows the
  person's shape.
"""
