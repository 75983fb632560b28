"""The grammar of treatments: names and what they mean, and which are rejected."""

import itertools
import subprocess
import sys

import pytest

from i3d_tf.common import errors
from i3d_tf.inputs import treatments


@pytest.mark.parametrize(
  'name, parts',
  [
    ('none', ('none', 'black', 'person')),
    ('background', ('background', 'black', 'person')),
    ('activity-blur', ('activity', 'blur', 'person')),
    ('activity-elsewhere', ('activity', 'black', 'elsewhere')),
    ('activity-mean-earlier', ('activity', 'mean', 'earlier')),
    ('both', ('both', 'black', 'person')),
    ('background-other', ('background', 'other', 'person')),
    ('activity-inpaint-box', ('activity', 'inpaint', 'person', 'box')),
    ('none-still', ('none', 'black', 'person', 'outline', 'still')),
    ('both-carried', ('both', 'carried')),
    ('activity-carried-box', ('activity', 'carried', 'person', 'box')),
    ('both-tube-reversed', ('both', 'black', 'person', 'tube', 'reversed')),
    ('background-blur-earlier-box-shuffled', ('background', 'blur', 'earlier', 'box', 'shuffled')),
  ],
)
def test_name_and_parse_are_inverse(name, parts):
  treatment = treatments.Treatment.parse(name)
  assert treatment == treatments.Treatment(*parts)
  assert treatment.name == name


def test_parse_accepts_default_fill():
  assert treatments.Treatment.parse('activity-black-elsewhere').name == 'activity-elsewhere'


@pytest.mark.parametrize(
  'name',
  [
    '',
    'person',
    'activity-pink',
    'activity-elsewhere-blur',
    'none-blur',
    'none-elsewhere',
    'both-noise',
    'activity-',
    'none-box',
    'background-inpaint',
    'both-inpaint',
    'activity-inpaint-tube',
    'activity-inpaint-earlier',
    'activity-inpaint-still',
    'activity-still-box',
    'none-carried',
    'both-carried-box',
    'both-carried-elsewhere',
    'both-carried-grown5',
    'both-carried-still',
    'activity-carried-shuffled',
  ],
)
def test_parse_rejects_unknown_treatment(name):
  with pytest.raises(errors.UserError):
    treatments.Treatment.parse(name)


def test_names_of_all_treatments_round_trip():
  names = set()
  choices = (treatments.FILLS, treatments.PLACES, treatments.SHAPES, treatments.TIMES)
  for region in treatments.ALL_REGIONS:
    for parts in itertools.product(*choices):
      try:
        treatment = treatments.Treatment(region, *parts)
      except errors.UserError:
        continue
      assert treatments.Treatment.parse(treatment.name) == treatment
      names.add(treatment.name)
  inpainted = 2 * 3  # outline and box, in every order of frames but 'still'
  carried = 2 * 3 * 4 + 1  # frames as they are; of region 'both' without place and shape
  assert len(names) == 4 * (1 + 3 * 4 * (8 + 8 + 1)) + inpainted + carried


@pytest.mark.parametrize(
  'arguments, message',
  [
    (('person',), "`region` must be one of none, background, activity, both; received 'person'"),
    (
      ('activity', 'pink'),
      '`fill` must be one of black, mean, blur, noise, inpaint, other, same, picture, stripes, '
      "carried; received 'pink'",
    ),
    (
      ('activity', 'black', 'left'),
      "`place` must be one of person, earlier, elsewhere; received 'left'",
    ),
    (('none', 'blur'), "`fill` must be 'black' for region 'none'; received 'blur'"),
    (('both', 'noise'), "`fill` must be 'black' for region 'both'; received 'noise'"),
    (
      ('none', 'black', 'earlier'),
      "`place` must be 'person' for region 'none'; received 'earlier'",
    ),
  ],
)
def test_treatment_rejects_unknown_parts(arguments, message):
  with pytest.raises(errors.UserError) as error:
    treatments.Treatment(*arguments)
  assert str(error.value) == message


def test_check_stream_rejects_silhouette_of_flow_only():
  treatments.check_stream(treatments.Treatment('both'), 'rgb')
  treatments.check_stream(treatments.Treatment('activity'), 'flow')
  with pytest.raises(errors.UserError, match=r"'both' must be of stream rgb.*received stream flow"):
    treatments.check_stream(treatments.Treatment('both'), 'flow')


@pytest.mark.parametrize('name', ['both-carried', 'background-carried'])
def test_what_takes_flow_is_of_stream_rgb(name):
  treatment = treatments.Treatment.parse(name)
  assert treatment.needs_flow
  treatments.check_stream(treatment, 'rgb')
  with pytest.raises(errors.UserError, match=f"'{name}' must be of stream rgb: it shows the flow"):
    treatments.check_stream(treatment, 'flow')


@pytest.mark.parametrize(
  'name, message',
  [
    ('both-carried-tube', "`shape` must be 'outline' for region 'both' with fill 'carried'"),
    ('activity-carried-still', "`time` must be 'forward' for fill 'carried', since flow is stored"),
  ],
)
def test_what_takes_flow_has_no_other_parts(name, message):
  with pytest.raises(errors.UserError, match=message):
    treatments.Treatment.parse(name)


def test_check_stream_rejects_stripes_of_flow_only():
  treatment = treatments.Treatment('background', 'stripes')
  treatments.check_stream(treatment, 'rgb')
  with pytest.raises(errors.UserError, match="'background-stripes' must be of stream rgb: stripes"):
    treatments.check_stream(treatment, 'flow')


@pytest.mark.parametrize(
  'name, expected',
  [
    ('background-stripes', True),
    ('background-picture-still', True),
    ('activity-stripes', False),
    ('background-other', False),
    ('background', False),
  ],
)
def test_a_person_on_a_picture_is_told_from_other_treatments(name, expected):
  assert treatments.Treatment.parse(name).on_picture == expected


def test_parse_all_keeps_order_and_drops_duplicates():
  names = ['activity-black', 'none', 'activity', 'background-blur']
  parsed = treatments.parse_all(names)
  assert list(parsed) == ['activity', 'none', 'background-blur']
  assert all(treatment.name == name for name, treatment in parsed.items())


@pytest.mark.parametrize(
  'names, stream, message',
  [
    ([], 'rgb', r'`eval_masks` must be some of none, .*; received none$'),
    (['none', 'foo', 'bar'], 'rgb', r'such as activity-blur or background-box; received foo, bar$'),
    (['none-blur'], 'rgb', r"received none-blur \(`fill` must be 'black' for region 'none'; .*\)$"),
    (['x', 'none-grown5'], 'rgb', r"x, none-grown5 \(`growth` must be 'given' for region 'none'"),
    (['activity-united-grown5'], 'rgb', r"must be 'given' for what takes from other videos"),
    (['both'], 'flow', r"'both' must be of stream rgb"),
  ],
)
def test_parse_all_rejects_unknown_treatments(names, stream, message):
  with pytest.raises(errors.UserError, match=message):
    treatments.parse_all(names, stream)


@pytest.mark.parametrize('module', ['treatments', 'clip_settings'])
def test_settings_do_not_import_tensorflow(module):
  program = (
    f'import sys, i3d_tf.inputs.{module}\n'
    'print(sorted({"keras", "tensorflow"} & set(sys.modules)))'
  )
  done = subprocess.run(
    [sys.executable, '-c', program], capture_output=True, text=True, check=False
  )
  assert done.returncode == 0, done.stderr
  assert done.stdout.strip() == '[]'
