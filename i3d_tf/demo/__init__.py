"""A data set that any machine can draw: ten actions, ten families of places, exact masks.

It asks the question of UCF101 where nothing can be downloaded: has a network learned the person
who acts, or the place where people act? `writing.write_videos` writes it as UCF101 is laid out, so
that it goes through the same tools; `rendering.render` gives a clip as arrays.

The person is a body of twelve segments (`skeleton`) that moves from key pose to key pose
(`actions`), painted as textured limbs with a face, hair and clothes (`figure`, `canvas`). The place
is an instance of a family (`scene`), seen through a camera that pans, zooms and shakes, in light
that flickers. A group (gNN), as in UCF101, is one performer in one place; its clips differ in
phase, framing, turn, tempo and camera. Splits never divide a group.

What ought to be found in it, by honest training, and why:

- The place predicts the class, mostly but not wholly. A class has a family of places, but
  `scene_affinity` sends a share of its groups elsewhere, and `shared_scenes` pairs of classes have
  the same family, as sports of UCF101 share a field: there, only the person decides. Both bound
  what the place alone can give (2b, 3b), and reward a network that sees all (1b) for learning the
  person, too. `scenes_per_class` spreads a class over several families; at 10 the place says
  nothing.
- The person predicts the class too, but less (3a below 3b): in half of the groups they only stand
  ready (`idle_share`), as in videos that begin before the action does. And it is harder to learn.
  Actions share poses and differ in limbs, order and speed; people start at any phase and turn left
  or right; and what their idle limbs do is a habit of the performer and not of the class.
- Looks predict little. The performer of group n is the same in all ten classes but for the clothes,
  and those tested have not been seen in training. Only classes that share their places wear colours
  of their own, one warm, one cold, mostly (`clothes_affinity`), as teams on a field do.
- The person covers little of the picture when far, and much when near: `near_share` sets how many
  classes are filmed near, and every result can be told by that.
- A network that has seen both together leans on the place, which is learned first. Without it
  (2a) it is lost: black is nothing that it has ever seen.
- A mask takes away the person or the place and nothing else: outside it every pixel is the one that
  would be there had nobody come (videos are lossless). What a masked person still shows is the
  shape of the hole, as in the paper.
"""
